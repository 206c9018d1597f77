import ApusClient
import ApusServer
import ArgumentParser

struct AppCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "app",
        abstract: "Make and list apps, change their keys, and say what becomes of their messages.",
        subcommands: [Create.self, List.self, RotateKey.self, Policy.self, Retention.self])

    /// An app with its key, which the server tells only once.
    private static func text(_ app: AppAnswer) -> String {
        var table = TextTable()
        table.add("id", app.id)
        table.add("name", app.name)
        table.add("key", app.appKey)
        if let end = app.oldKeyUntil { table.add("old key ends", end) }
        return table.text + "\n\nKeep the key: the server does not show it again."
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an app and print its id and key.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "A name for people.")
        var name: String

        @Option(help: "The app's id. (default: the server makes one)")
        var id: String?

        @Option(help: "The app's key. (default: the server makes one)")
        var key: String?

        private struct Body: Encodable {
            let name: String
            let id: String?
            let appKey: String?
        }

        func run() async throws {
            let answer = try await options.client().post(["apps", ""], Body(name: name, id: id, appKey: key))
            try options.show(answer, as: AppAnswer.self, AppCommand.text)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the apps.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let answer = try await options.client().get(["v1", "apps"])
            try options.show(answer, as: AppListAnswer.self) { list in
                var table = TextTable(header: ["ID", "NAME", "CREATED", "OLD KEY ENDS"])
                for app in list.apps { table.add(app.id, app.name, app.createdAt ?? "", app.oldKeyUntil ?? "") }
                return list.apps.isEmpty ? "There are no apps. Make one with `apus app create NAME`." : table.text
            }
        }
    }

    struct RotateKey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-key", abstract: "Give an app a new key. The old one is taken besides for a while.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The app's id.")
        var id: String

        @Option(help: "The new key. (default: the server makes one)")
        var key: String?

        @Option(help: "For how long the old key is still taken, such as 30m or 7d; 0 to end it at once.")
        var overlap = "24h"

        private struct Body: Encodable {
            let appKey: String?
            let overlap: Int64?
        }

        func validate() throws {
            guard Duration(overlap) == nil else { return }
            throw ValidationError("--overlap \(overlap) must be a time such as 30m or 7d, or 0.")
        }

        func run() async throws {
            let answer = try await options.client().post(
                ["v1", "apps", id, "rotate-key"],
                Body(appKey: key, overlap: Duration(overlap).map { $0.milliseconds / 1000 }))
            try options.show(answer, as: AppAnswer.self, AppCommand.text)
        }
    }
}
