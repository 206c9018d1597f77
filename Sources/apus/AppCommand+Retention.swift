import ApusClient
import ApusServer
import ArgumentParser

extension AppCommand {
    struct Retention: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show or set how long an app's messages are kept, and how many.",
            discussion: """
                A message that has not expired is always kept. What is not named is as the server's configuration says; \
                --default names nothing.
                """)

        @OptionGroup var options: ClientOptions

        @Argument(help: "The app's id.")
        var id: String

        @Option(help: "For how long after they were accepted, such as 12h or 30d.")
        var age: String?

        @Option(help: "How many, the latest ones; 0 for any number.")
        var count: Int64?

        @Flag(name: .customLong("default"), help: "As the server's configuration says.")
        var isDefault = false

        private struct Body: Encodable {
            let age: Int64?
            let count: Int64?
        }

        func validate() throws {
            if isDefault, age != nil || count != nil {
                throw ValidationError("--default takes back what --age and --count set. Name it alone.")
            }
            guard let age, Duration(age) == nil else { return }
            throw ValidationError("--age \(age) must be a time such as 12h or 30d.")
        }

        func run() async throws {
            let path = ["v1", "apps", id, "retention"]
            let client = try options.client()
            let isShown = age == nil && count == nil && !isDefault
            let seconds = age.flatMap { Duration($0) }.map { $0.milliseconds / 1000 }
            let answer =
                try await isShown ? client.get(path) : client.put(path, Body(age: seconds, count: count))
            try options.show(answer, as: RetentionAnswer.self, \.text)
        }
    }
}

struct RetentionAnswer: Decodable {
    struct Limits: Decodable {
        let age: Int64
        let count: Int64
    }

    let age: Int64?
    let count: Int64?
    let `default`: Limits

    var text: String {
        var table = TextTable()
        table.add("age", Duration.seconds(age ?? `default`.age).text + (age == nil ? " (default)" : ""))
        let count = count ?? `default`.count
        table.add("count", (count == 0 ? "any" : String(count)) + (self.count == nil ? " (default)" : ""))
        return table.text
    }
}
