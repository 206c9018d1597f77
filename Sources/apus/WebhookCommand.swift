import ApusClient
import ArgumentParser

struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook", abstract: "Have events posted to URLs.",
        subcommands: [Add.self, List.self, Remove.self, RotateSecret.self, Test.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Post an app's events to a URL from now on, and print the secret that signs them.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "Where to.")
        var url: String

        @Option(help: "The app's id.")
        var app: String

        @Option(
            help: "Only these: accepted, unsent, sent, received, read, expired, failed, cancelled, separated by commas."
        )
        var state: String?

        private struct Body: Encodable {
            let appId: String
            let url: String
            let states: [String]?
        }

        func run() async throws {
            let states = state?.split(separator: ",").map(String.init)
            let answer = try await options.client().post(
                ["v1", "webhooks"], Body(appId: app, url: url, states: states))
            try options.show(answer, as: WebhookAnswer.self) { webhook in
                "Webhook \(webhook.id) posts to \(webhook.url).\n\nsecret  \(webhook.secret ?? "")\n\n"
                    + "Keep the secret: the server does not show it again."
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List webhooks and how far they have come.")

        @OptionGroup var reader: MessageCommand.Reader

        @Option(help: "Only those of this app. An app's key needs it.")
        var app: String?

        func run() async throws {
            let answer = try await reader.client().get(
                ["v1", "webhooks"], query: app.map { [("appId", $0)] } ?? [])
            try reader.options.show(answer, as: WebhookListAnswer.self) { list in
                guard !list.webhooks.isEmpty else { return "There are no webhooks." }
                var table = TextTable(header: ["ID", "APP", "URL", "AFTER", "TRIES", "NEXT", "PROBLEM"])
                for webhook in list.webhooks {
                    table.add(
                        webhook.id, webhook.appId, webhook.url, webhook.after, String(webhook.attempts),
                        webhook.nextAt ?? "", webhook.problem ?? "")
                }
                return table.text
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Post nothing more there, and forget what could not be delivered.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The webhook's id.")
        var id: String

        func run() async throws {
            _ = try await options.client().delete(["v1", "webhooks", id])
            options.showDone("Webhook \(id) was removed.")
        }
    }

    struct RotateSecret: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-secret",
            abstract: "Make a new secret. For a day posts are signed with the earlier one too.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The webhook's id.")
        var id: String

        func run() async throws {
            let answer = try await options.client().post(["v1", "webhooks", id, "rotate-secret"], [String: String]())
            try options.show(answer, as: SecretAnswer.self) { "secret  \($0.secret)" }
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Post a test, and say what came of it.")

        @OptionGroup var reader: MessageCommand.Reader

        @Argument(help: "The webhook's id.")
        var id: String

        func run() async throws {
            let answer = try await reader.client().post(["v1", "webhooks", id, "test"], [String: String]())
            let test = try answer.decoded(as: WebhookTestAnswer.self)
            if test.taken || reader.options.json {
                try reader.options.show(answer, as: WebhookTestAnswer.self) { _ in "The receiver took the test." }
            }
            if !test.taken {
                throw CommandFailure(.refused, "The receiver did not take the test: \(test.reason ?? "").")
            }
        }
    }
}

struct WebhookAnswer: Decodable {
    let id: String
    let appId: String
    let url: String
    let after: String
    let attempts: Int
    let nextAt: String?
    let problem: String?
    let secret: String?
}

struct WebhookListAnswer: Decodable {
    let webhooks: [WebhookAnswer]
}

struct WebhookTestAnswer: Decodable {
    let taken: Bool
    let reason: String?
}

private struct SecretAnswer: Decodable {
    let secret: String
}
