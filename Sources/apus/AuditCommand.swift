import ApusClient
import ApusCore
import ApusServer
import ArgumentParser

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "See what was done with the server, and verify that the record is whole.",
        subcommands: [Show.self, Verify.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what was done, the latest first.")

        @OptionGroup var options: ClientOptions

        @Option(help: "Only what was done since then: 24h, or a time such as 2026-12-01T08:00:00Z.")
        var since: String?

        @Option(help: "Only this, such as app.create, or all of a kind, such as token.")
        var act: String?

        @Option(help: "Only what this one did, such as token:ci or app:APP_ID.")
        var actor: String?

        @Option(help: "How many at most.")
        var limit = 100

        @Option(help: "Only those before this number.")
        var before: Int64?

        func run() async throws {
            let time = since.map { text in
                Duration(text).map { SystemClock().now.adding(milliseconds: -$0.milliseconds).rfc3339 } ?? text
            }
            let query = [
                ("since", time), ("act", act), ("actor", actor), ("limit", String(limit)),
                ("before", before.map(String.init)),
            ]
            let answer = try await options.client().get(
                ["v1", "audit"], query: query.compactMap { name, value in value.map { (name, $0) } })
            try options.show(answer, as: AuditListAnswer.self) { list in
                guard !list.entries.isEmpty else { return "Nothing of that was done." }
                var table = TextTable(header: ["NUMBER", "AT", "WHO", "FROM", "ACT", "WHAT", "DETAILS"])
                for entry in list.entries {
                    table.add(
                        String(entry.sequence), entry.at, entry.actor, entry.address ?? "", entry.act, entry.object,
                        entry.details.description)
                }
                return table.text + (list.next.map { "\n\nThere are more: --before \($0)" } ?? "")
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Find the first entry that was changed or is missing.",
            discussion: """
                Asks the server, or with --data-dir looks at the database itself. Keep the head that it prints in \
                another place: with --head, a later verification also finds out whether everything was put back to an \
                earlier state.
                """)

        @OptionGroup var options: ClientOptions

        @Option(help: "The data directory, to look at the database without the server.")
        var dataDir: String?

        @Option(help: "The key file. (default: secret.key in the data directory)")
        var keyFile: String?

        @Option(help: "The head that an earlier verification printed.")
        var head: String?

        func validate() throws {
            guard let head, AuditPosition(head) == nil else { return }
            throw ValidationError("--head must be what an earlier verification printed: NUMBER:SEAL.")
        }

        func run() async throws {
            let verdict: AuditVerdict
            if let dataDir {
                verdict = try Self.verdict(on: dataDir, keyFile: keyFile, head: head)
            } else {
                let query = head.map { [("head", $0)] } ?? []
                verdict = try await options.client().get(["v1", "audit", "verify"], query: query).decoded()
            }
            if options.json { print(try JSONText.of(verdict)) }
            guard verdict.intact else {
                throw CommandFailure(.problemFound, "The audit was changed: \(verdict.reason ?? "").")
            }
            if !options.json { print(verdict.text) }
        }

        private static func verdict(on directory: String, keyFile: String?, head: String?) throws -> AuditVerdict {
            do {
                return AuditVerdict(
                    try AuditInspection.verify(
                        directory, keyFile: keyFile, expecting: head.flatMap { AuditPosition($0) }))
            } catch let fault as AuditVerifier.Fault {
                return AuditVerdict(fault)
            }
        }
    }
}

private struct AuditListAnswer: Decodable {
    struct Entry: Decodable {
        let sequence: Int64
        let at: String
        let actor: String
        let address: String?
        let act: String
        let object: String
        let details: JSONValue
    }

    let entries: [Entry]
    let next: Int64?
}

/// What a verification found: what the server answers, or the command itself found in a data directory.
private struct AuditVerdict: Codable {
    let intact: Bool
    var entries: Int64?
    /// The first entry that the present key file can verify.
    var since: Int64?
    var head: String?
    /// The number of the first entry that is wrong.
    var entry: Int64?
    var reason: String?

    init(_ verifier: AuditVerifier) {
        intact = true
        entries = verifier.last.sequence
        since = verifier.since
        head = verifier.last.sequence > 0 ? verifier.last.description : nil
    }

    init(_ fault: AuditVerifier.Fault) {
        intact = false
        entry = fault.sequence
        reason = fault.description
    }

    var text: String {
        guard let head, let entries else { return "The audit has no entries." }
        let part =
            since.flatMap { $0 > 1 ? " from entry \($0) on; those before were sealed with another key file" : nil }
            ?? ""
        return "The audit is whole\(part): \(entries) entries.\n\nhead  \(head)"
    }
}
