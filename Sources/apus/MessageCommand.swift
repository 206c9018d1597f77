import ApusClient
import ArgumentParser

struct MessageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "message", abstract: "Show what became of a message, and why, or take it back.",
        subcommands: [Show.self, Explain.self, Cancel.self])

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
            let summary = counts.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
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
            abstract: "Take back what is not delivered yet.",
            discussion: "Devices that have the message keep it; a vendor that has it may still deliver it.")

        @OptionGroup var reader: Reader

        @Argument(help: "The message's id.")
        var id: String

        func run() async throws {
            let answer = try await reader.client().delete(["v1", "messages", id])
            try reader.options.show(answer, as: MessageCancellation.self) { answer in
                answer.cancelled == 1 ? "1 delivery was cancelled." : "\(answer.cancelled) deliveries were cancelled."
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
