import ApusCore
import ApusDistributor
import ArgumentParser
import Foundation

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the applications that are registered.",
        discussion: "An endpoint is a secret: whoever knows it can send to the application.")

    @OptionGroup var options: PathOptions

    @Flag(help: "Print the list as JSON.")
    var json = false

    private struct Row: Encodable {
        let application: String
        let token: String
        let description: String
        let endpoint: String
        let gateway: String
        let expiresAt: String?
        let waiting: Int
    }

    func run() throws {
        let rows = try rows()
        if json { return try ["registrations": rows].printAsJSON() }
        if rows.isEmpty { return print("No application is registered.") }
        let blocks = rows.map { row in
            """
            \(row.application)\(row.description.isEmpty ? "" : " (\(row.description))")
              token     \(row.token)
              endpoint  \(row.endpoint)
              gateway   \(row.gateway)\(row.expiresAt.map { ", until \($0)" } ?? "")
              waiting   \(row.waiting)
            """
        }
        print(blocks.joined(separator: "\n\n"))
    }

    private func rows() throws -> [Row] {
        // Looking does not make a book.
        guard FileManager.default.fileExists(atPath: options.paths.book) else { return [] }
        let book = try RegistrationBook(file: options.paths.book)
        let waiting = try book.waiting()
        return try book.registrations().map { registration in
            Row(
                application: registration.service.text, token: registration.appToken,
                description: registration.description, endpoint: registration.endpoint?.url ?? "",
                gateway: registration.endpoint?.gateway.description ?? "",
                expiresAt: registration.endpoint?.expiresAt?.rfc3339, waiting: waiting[registration.appToken] ?? 0)
        }
    }
}
