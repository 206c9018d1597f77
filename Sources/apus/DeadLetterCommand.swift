import ApusClient
import ArgumentParser

struct DeadLetterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deadletter", abstract: "See what could not be delivered, try it again or give it up.",
        subcommands: [List.self, Replay.self, Drop.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List what could not be delivered, the latest first.")

        @OptionGroup var options: ClientOptions

        @Option(help: "How many at most.")
        var limit = 100

        @Option(help: "Only those before this id.")
        var before: Int64?

        func run() async throws {
            let query = [("limit", String(limit))] + (before.map { [("before", String($0))] } ?? [])
            let answer = try await options.client().get(["v1", "dead-letters"], query: query)
            try options.show(answer, as: DeadLetterListAnswer.self) { list in
                guard !list.deadLetters.isEmpty else { return "There are no dead letters." }
                var table = TextTable(header: ["ID", "ROW", "MODE", "FOR", "TRIES", "AT", "REASON"])
                for letter in list.deadLetters {
                    table.add(
                        String(letter.id), letter.row.map(String.init) ?? "", letter.mode,
                        letter.webhook ?? letter.userNumber ?? "all",
                        String(letter.attempts), letter.at, letter.reason)
                }
                return table.text + (list.next.map { "\n\nThere are more: --before \($0)" } ?? "")
            }
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Try dead letters again.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "Their ids, as `apus deadletter list` shows them.")
        var ids: [Int64]

        func run() async throws {
            for id in ids {
                let answer = try await options.client().post(
                    ["v1", "dead-letters", String(id), "replay"], [String: String]())
                try options.show(answer, as: DeadLetterAnswer.self) { letter in
                    guard let row = letter.row else { return "Webhook \(letter.webhook ?? "") took it." }
                    return "Row \(row) is tried again\(letter.userNumber.map { " for user \($0)" } ?? "")."
                }
            }
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give dead letters up.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "Their ids, as `apus deadletter list` shows them.")
        var ids: [Int64]

        func run() async throws {
            for id in ids {
                _ = try await options.client().delete(["v1", "dead-letters", String(id)])
                options.showDone("Dead letter \(id) was dropped.")
            }
        }
    }
}

struct DeadLetterAnswer: Decodable {
    let id: Int64
    let row: Int64?
    let webhook: String?
    let mode: String
    let userNumber: String?
    let reason: String
    let attempts: Int64
    let at: String

    private enum CodingKeys: String, CodingKey {
        case id, row, webhook, mode, reason, attempts, at
        case userNumber = "user_num"
    }
}

struct DeadLetterListAnswer: Decodable {
    let deadLetters: [DeadLetterAnswer]
    let next: Int64?
}
