import ApusClient
import ArgumentParser

extension AppCommand {
    struct Policy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show or set what is done about an app's messages that reach nobody.",
            discussion: """
                Steps are JSON, as in '[{"after":60,"via":"vendor"},{"after":240,"via":"sms"}]'; via is sms, email or \
                vendor, or there is "to" with aliases. What is not named is as if it had never been set; --clear names nothing.
                """)

        @OptionGroup var options: ClientOptions

        @Argument(help: "The app's id.")
        var id: String

        @Option(help: "Steps for each recipient whom nothing has reached.", transform: SendCommand.json)
        var fallback: JSONValue?

        @Option(
            help: "Steps until the first confirmation by anybody, for messages that need one and bring no steps.",
            transform: SendCommand.json)
        var escalate: JSONValue?

        @Option(help: "Seconds after which a smsMessage goes out as SMS; 0 for never. (default: messages.sms_after)")
        var smsAfter: Int?

        @Flag(help: "All messages of the app need confirmation.")
        var needConfirm = false

        @Flag(help: "Do nothing any more.")
        var clear = false

        private struct Body: Encodable {
            let fallback: JSONValue?
            let escalate: JSONValue?
            let smsAfter: Int?
            let needConfirm: Bool?
        }

        func run() async throws {
            let path = ["v1", "apps", id, "policy"]
            let client = try options.client()
            let isShown = fallback == nil && escalate == nil && smsAfter == nil && !needConfirm && !clear
            let answer =
                try await isShown
                ? client.get(path)
                : client.put(
                    path,
                    Body(
                        fallback: fallback, escalate: escalate, smsAfter: smsAfter,
                        needConfirm: needConfirm ? true : nil))
            try options.show(answer, as: PolicyAnswer.self, \.text)
        }
    }
}

struct PolicyAnswer: Decodable {
    struct Step: Decodable {
        let after: Int
        let via: String?
        let to: [String]?

        var text: String {
            "after \(after) s " + (via.map { "by \($0)" } ?? "to \((to ?? []).joined(separator: ", "))")
        }
    }

    let fallback: [Step]
    let escalate: [Step]
    let smsAfter: Int
    let needConfirm: Bool

    var text: String {
        var table = TextTable()
        table.add("fallback", Self.text(fallback))
        table.add("escalate", Self.text(escalate))
        table.add("smsMessage", smsAfter == 0 ? "never" : "after \(smsAfter) s as SMS")
        table.add("confirmation", needConfirm ? "of every message" : "of messages that ask for it")
        return table.text
    }

    private static func text(_ steps: [Step]) -> String {
        steps.isEmpty ? "nothing" : steps.map(\.text).joined(separator: ", then ")
    }
}
