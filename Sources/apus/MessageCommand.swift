import ApusClient
import ArgumentParser

struct MessageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "message", abstract: "List messages, show what became of one, and why, or take it back.",
        subcommands: [List.self, Show.self, Explain.self, Cancel.self])

    /// An administrator may see every message, an app its own.
    struct Reader: ParsableArguments {
        @OptionGroup var options: ClientOptions

        @Option(help: "The app's key, instead of a token. (default: APUS_APP_KEY)")
        var key: String?

        func client() throws -> APIClient {
            let isAdministrator = Environment["APUS_ADMIN_TOKEN"] != nil
            return try options.client(appKey: key ?? (isAdministrator ? nil : Environment["APUS_APP_KEY"]))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List messages, the latest first.")

        @OptionGroup var reader: Reader

        @Option(help: "Only messages of this app, by its id. An app's key lists its own only.")
        var app: String?

        @Option(help: "Only messages of the app that are accepted, scheduled or cancelled.")
        var state: String?

        @Option(help: "How many at most.")
        var limit: Int?

        @Option(help: "Go on after the list that ended with this.")
        var after: String?

        func run() async throws {
            let query = [("appId", app), ("state", state), ("limit", limit.map(String.init)), ("after", after)]
            let answer = try await reader.client().get(
                ["v1", "messages"], query: query.compactMap { name, value in value.map { (name, $0) } })
            try reader.options.show(answer, as: MessageListAnswer.self) { list in
                guard !list.messages.isEmpty else { return "There are no such messages." }
                var table = TextTable(header: ["ID", "APP", "CREATED", "STATE", "TEXT"])
                for message in list.messages {
                    table.add(
                        message.id, message.appId, message.createdAt.text,
                        message.state == "scheduled" ? "for \(message.sendAt?.text ?? "")" : message.state,
                        message.recall.map { "takes back \($0)" } ?? String((message.title ?? message.alert).prefix(60))
                    )
                }
                return table.text + (list.next.map { "\n\nThere are more: --after \($0)" } ?? "")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a message's deliveries.")

        @OptionGroup var reader: Reader

        @Argument(help: "The message's id.")
        var id: String

        @Option(help: "How many deliveries at most.")
        var limit: Int?

        @Option(help: "Go on after the list that ended with this.")
        var after: String?

        func run() async throws {
            let query = [("limit", limit.map(String.init)), ("after", after)]
            let answer = try await reader.client().get(
                ["v1", "messages", id], query: query.compactMap { name, value in value.map { (name, $0) } })
            try reader.options.show(answer, as: MessageStatus.self, text)
        }

        private func text(_ message: MessageStatus) -> String {
            let counts = message.counts.sorted { $0.key < $1.key }.filter { $0.value > 0 }
            let summary =
                switch message.state {
                case "scheduled": "scheduled for \(message.sendAt?.text ?? "")"
                case "cancelled" where counts.isEmpty: "cancelled"
                default: counts.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
                }
            let head = "Message \(message.id) of app \(message.appId), \(message.createdAt.text): "
            var table = TextTable(header: ["DEVICE", "ALIAS", "STATE", "SENT", "RECEIVED", "READ", "TRIES", "ROUTE"])
            for delivery in message.deliveries {
                table.add(
                    delivery.deviceId, delivery.alias ?? "",
                    delivery.error.map { "\(delivery.state) (\($0))" } ?? delivery.state,
                    delivery.sentAt?.text ?? "", delivery.receivedAt?.text ?? "", delivery.readAt?.text ?? "",
                    delivery.attempts.map(String.init) ?? "", delivery.route ?? "")
            }
            return head + (summary.isEmpty ? "no deliveries" : summary)
                + (message.deliveries.isEmpty ? "" : "\n\n" + table.text)
                + (message.next.map { "\n\nThere are more: --after \($0)" } ?? "")
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a message back.",
            discussion: """
                What is not delivered yet is cancelled, and a message that waits for its time is not sent. Devices that \
                got it are told to forget it; what they make of that is up to the app.
                """)

        @OptionGroup var reader: Reader

        @Argument(help: "The message's id.")
        var id: String

        func run() async throws {
            let answer = try await reader.client().delete(["v1", "messages", id])
            try reader.options.show(answer, as: MessageCancellation.self) { answer in
                (answer.cancelled == 1 ? "1 delivery was cancelled." : "\(answer.cancelled) deliveries were cancelled.")
                    + (answer.recalled ?? 0 == 0 ? "" : " Devices that are told to forget it: \(answer.recalled ?? 0).")
            }
        }
    }

    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say, step by step, what became of a message, and what happens next.")

        @OptionGroup var reader: Reader

        @Argument(help: "The message's id.")
        var id: String

        @Option(help: "The device's id. (default: tell what was done because nobody confirmed)")
        var device: String?

        func run() async throws {
            let answer = try await reader.client().get(
                ["v1", "messages", id, "explain"], query: device.map { [("device", $0)] } ?? [])
            try reader.options.show(answer, as: DeliveryExplanation.self, \.text)
        }
    }
}
