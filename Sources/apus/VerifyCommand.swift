import ApusCore
import ApusServer
import ApusStore
import ArgumentParser

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Look for what is wrong with the data, or with a backup.",
        discussion: """
            Reads every page of the database and checks that its tables are those of Apus, that every delivery is in \
            exactly one state with the times that belong to it, and that nothing refers to what there is not; of a \
            backup also its checksums. A running server goes on meanwhile. The exit code is 4 if something is wrong.
            """)

    @Argument(help: "A backup's directory. (default: the data directory)")
    var backup: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: ConfigurationOptions

    private struct Answer: Encodable {
        let ok: Bool
        let directory: String
        let schema: String?
        let counts: StoreCounts?
        let problems: [StoreReport.Problem]
    }

    func run() throws {
        let directory = try backup ?? options.load().server.dataDirectory
        ProcessLimits.letOthersFirst()
        let progress = ProgressLine()
        let now = SystemClock().now
        let report =
            try backup == nil
            ? StoreInspection.report(on: directory, at: now) { progress.show("checking \($0)") }
            : Backup.verify(directory, at: now, progress: progress.show)
        progress.clear()
        let answer = Answer(
            ok: report.problems.isEmpty, directory: directory, schema: report.schema, counts: report.counts,
            problems: report.problems)
        print(json ? try JSONText.of(answer) : Self.text(answer))
        if !answer.ok { throw CommandFailure(.problemFound, "\(directory) is not as it should be.") }
    }

    private static func text(_ answer: Answer) -> String {
        var lines = answer.problems.map { "\($0.code): \($0.text)" }
        if let schema = answer.schema, let counts = answer.counts {
            lines.append("\(answer.directory) (\(schema)) holds \(counts.text).")
        }
        if answer.ok { lines.append("Nothing is wrong.") }
        return lines.joined(separator: "\n")
    }
}

extension StoreCounts {
    /// As in `2 apps, 10 devices, 5 messages, 50 deliveries (48 read, 2 unsent)`.
    var text: String {
        let states = deliveries.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let all = deliveries.values.reduce(0, +)
        let nouns = [(apps, "app", "apps"), (devices, "device", "devices"), (messages, "message", "messages")]
        let parts = (nouns + [(all, "delivery", "deliveries")]).map { "\($0) \($0 == 1 ? $1 : $2)" }
        return parts.joined(separator: ", ") + (states.isEmpty ? "" : " (\(states.joined(separator: ", ")))")
    }
}
