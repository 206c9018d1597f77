import ApusClient
import ArgumentParser

struct XMPPCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xmpp", abstract: "Administer the XMPP server.", subcommands: [UserCommand.self])

    struct UserCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "user", abstract: "Add, list and remove users, and change their passwords.",
            discussion: "A user is a device of an app. Its alias is the user's name until the device sets another.",
            subcommands: [Add.self, List.self, Password.self, Remove.self])
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a user.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The user's name, the part before the @ of its address.")
        var name: String

        @Option(help: "The id of the app that the user's device belongs to.")
        var app: String

        @Option(help: "The password. (default: the server makes one and it is printed)")
        var password: String?

        @Flag(help: "Keep only what SCRAM needs of the password. AndroidPN clients cannot log in by digest then.")
        var hashed = false

        private struct Body: Encodable {
            let name: String
            let appId: String
            let password: String?
            let keepPassword: Bool?
        }

        func run() async throws {
            let body = Body(name: name, appId: app, password: password, keepPassword: hashed ? false : nil)
            let answer = try await options.client().post(["v1", "accounts"], body)
            try options.show(answer, as: AccountAnswer.self) { account in
                var table = TextTable()
                table.add("name", account.name)
                if let password = account.password { table.add("password", password) }
                table.add("app", account.appId)
                table.add("device", account.deviceId)
                return table.text
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the users.")

        @OptionGroup var options: ClientOptions

        @Option(help: "Only users of this app, by its id.")
        var app: String?

        @Option(help: "How many at most.")
        var limit: Int?

        @Option(help: "Go on after the list that ended with this.")
        var after: String?

        func run() async throws {
            let query = [("appId", app), ("limit", limit.map(String.init)), ("after", after)]
            let answer = try await options.client().get(
                ["v1", "accounts"], query: query.compactMap { name, value in value.map { (name, $0) } })
            try options.show(answer, as: AccountListAnswer.self) { list in
                guard !list.accounts.isEmpty else { return "There are no such users." }
                var table = TextTable(header: ["NAME", "APP", "DEVICE", "ALIAS", "PRESENCE"])
                for account in list.accounts {
                    table.add(
                        account.name, account.appId, account.deviceId, account.alias,
                        account.connected ? "connected" : "offline")
                }
                return table.text + (list.next.map { "\n\nThere are more: --after \($0)" } ?? "")
            }
        }
    }

    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "passwd", abstract: "Give a user a new password.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The user's name.")
        var name: String

        @Option(help: "The new password. (default: the server makes one and it is printed)")
        var password: String?

        private struct Body: Encodable {
            let password: String?
        }

        func run() async throws {
            let answer = try await options.client().post(
                ["v1", "accounts", name, "password"], Body(password: password))
            try options.show(answer, as: PasswordAnswer.self) { account in
                account.password.map { "The new password of \(account.name) is \($0)" }
                    ?? "\(account.name) has the new password."
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a user, its device and its connection.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The user's name.")
        var name: String

        func run() async throws {
            _ = try await options.client().delete(["v1", "accounts", name])
            options.showDone("\(name) was removed.")
        }
    }
}
