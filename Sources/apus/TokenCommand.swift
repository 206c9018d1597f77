import ApusClient
import ApusServer
import ArgumentParser

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list and revoke tokens of those who work with the server.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token and print it.",
            discussion: """
                A viewer sees apps, devices, messages and settings. A sender sends, cancels and schedules besides. An \
                admin may do everything.
                """)

        @OptionGroup var options: ClientOptions

        @Argument(help: "A name for people and the audit: letters, digits, dots, hyphens and underscores.")
        var name: String

        @Option(help: "viewer, sender or admin.")
        var role: String

        @Option(help: "When it ends: 12h or 90d from now. (default: never)")
        var expires: String?

        @Option(help: "The id of the only app that it is for. (default: all)")
        var app: String?

        private struct Body: Encodable {
            let name: String
            let role: String
            let appId: String?
            let expiresIn: Int64?
        }

        func validate() throws {
            guard let expires, Duration(expires) == nil else { return }
            throw ValidationError("--expires \(expires) must be a time such as 12h or 90d.")
        }

        func run() async throws {
            let seconds = expires.flatMap { Duration($0) }.map { $0.milliseconds / 1000 }
            let body = Body(name: name, role: role, appId: app, expiresIn: seconds)
            let answer = try await options.client().post(["v1", "tokens"], body)
            try options.show(answer, as: TokenAnswer.self) { token in
                var table = TextTable()
                table.add("name", token.name)
                table.add("role", token.role)
                if let app = token.appId { table.add("app", app) }
                table.add("expires", token.expiresAt ?? "never")
                table.add("token", token.token ?? "")
                return table.text + "\n\nKeep the token: the server does not show it again."
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the tokens, without what their bearers show.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let answer = try await options.client().get(["v1", "tokens"])
            try options.show(answer, as: TokenListAnswer.self) { list in
                var table = TextTable(header: ["NAME", "ROLE", "APP", "CREATED", "EXPIRES", "LAST USED"])
                for token in list.tokens {
                    let end = token.expiresAt.map { token.expired ? "expired" : $0 } ?? "never"
                    table.add(
                        token.name, token.role, token.appId ?? "all", token.createdAt, end,
                        token.lastUsedAt ?? "never")
                }
                return table.text
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End tokens at once.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "Their names, as `apus token list` shows them.")
        var names: [String]

        func run() async throws {
            for name in names {
                _ = try await options.client().delete(["v1", "tokens", name])
                options.showDone("The token \(name) is revoked.")
            }
        }
    }
}

struct TokenAnswer: Decodable {
    let name: String
    let token: String?
    let role: String
    let appId: String?
    let createdAt: String
    let expiresAt: String?
    let expired: Bool
    let lastUsedAt: String?
}

struct TokenListAnswer: Decodable {
    let tokens: [TokenAnswer]
}
