import ApusClient
import ArgumentParser
import Foundation

struct CredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credential", abstract: "What apps prove to vendors: add, list and remove it.",
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a credential, or put a new one in its place.",
            subcommands: [APNs.self, WebPush.self, Vendor.self], defaultSubcommand: Vendor.self)
    }

    struct APNs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "apns", abstract: "Let an app send through Apple's push service.",
            discussion: "With a key (--p8, --key-id, --team-id) or a certificate (--certificate, --passphrase).")

        @OptionGroup var options: ClientOptions

        @Option(help: "The app's id.")
        var app: String

        @Option(help: "The bundle id of the iOS app. (default: of a certificate, the one in it)")
        var topic: String?

        @Option(help: "production or sandbox.")
        var environment = "production"

        @Option(help: "The .p8 file of the key.")
        var p8: String?

        @Option(help: "The key's id, ten characters.")
        var keyID: String?

        @Option(help: "The id of the developer team, ten characters.")
        var teamID: String?

        @Option(help: "A PEM file with certificate and key, or a PKCS #12 file.")
        var certificate: String?

        @Option(help: "The passphrase of the certificate's key.")
        var passphrase: String?

        @Option(help: "Another server than Apple's: a stand-in, a proxy.")
        var host: String?

        @Option(help: "Its port. (default: 443)")
        var port: Int?

        @Option(
            name: .customLong("apns-ca"),
            help: "A PEM file with the authority that its certificate comes from, as the server reads it.")
        var authority: String?

        func validate() throws {
            guard (p8 == nil) != (certificate == nil) else {
                throw ValidationError("Give either --p8, --key-id and --team-id, or --certificate.")
            }
        }

        func run() async throws {
            let settings = [
                "topic": topic, "environment": environment, "keyId": keyID, "teamId": teamID, "host": host,
                "port": port.map(String.init), "ca": authority.map { URL(fileURLWithPath: $0).path },
            ].compactMapValues { $0 }
            let secret = [
                "p8": try p8.map { String(decoding: try InputFile.read($0), as: UTF8.self) },
                "certificate": try certificate.map { try InputFile.read($0).base64EncodedString() },
                "passphrase": passphrase,
            ].compactMapValues { $0 }
            let body = CredentialBody(appId: app, provider: "apns", settings: settings, secret: secret)
            let answer = try await options.client().post(["v1", "credentials"], body)
            try options.show(answer, as: CredentialAnswer.self) { $0.text }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List credentials. Secrets are never shown.")

        @OptionGroup var options: ClientOptions

        @Option(help: "Only those of this app, by its id.")
        var app: String?

        func run() async throws {
            let answer = try await options.client().get(
                ["v1", "credentials"], query: app.map { [("appId", $0)] } ?? [])
            try options.show(answer, as: CredentialListAnswer.self) { list in
                guard !list.credentials.isEmpty else { return "There are no credentials." }
                var table = TextTable(header: ["APP", "PROVIDER", "NAME", "EXPIRES", "ADDED"])
                for credential in list.credentials {
                    table.add(
                        credential.appId, credential.provider, credential.name,
                        credential.settings["expiresAt"] ?? "", credential.createdAt)
                }
                return table.text
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a credential.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The credential's name, as `apus credential list` shows it.")
        var name: String

        @Option(help: "The app's id.")
        var app: String

        @Option(help: "What it is for.")
        var provider = "apns"

        func run() async throws {
            _ = try await options.client().delete(
                ["v1", "credentials"], query: [("appId", app), ("provider", provider), ("name", name)])
            options.showDone("The credential was removed.")
        }
    }
}

struct CredentialBody: Encodable {
    let appId: String
    let provider: String
    var settings: [String: String]?
    var secret: [String: String]?
    var token: String?
    var platform: String?
}

/// Files that a command is given.
enum InputFile {
    static func read(_ path: String) throws -> Data {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw CommandFailure(
                .wrongUsage, "The file \(path) cannot be read: \(error.localizedDescription)")
        }
        guard !data.isEmpty else {
            throw CommandFailure(
                .wrongUsage, "The file \(path) is empty. Give the file as it was made.")
        }
        return data
    }
}
