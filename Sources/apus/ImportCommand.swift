import ApusClient
import ApusCore
import ArgumentParser
import Foundation

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take over what another system has.", subcommands: [Business.self])

    struct Business: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take over the tables of the business system from a dump that mysqldump wrote.",
            discussion: """
                Takes \(BusinessTable.allCases.map(\.rawValue).joined(separator: ", ")). Clear passwords are hashed \
                before they are sent to the server. A second run takes only what is not there yet.
                """)

        @OptionGroup var options: ClientOptions

        @Argument(help: "The dump.")
        var file: String

        @Flag(help: "Send rows of the message centre that wait. Otherwise they are marked as not sent.")
        var sendWaiting = false

        func run() async throws {
            var dump = SQLDump(Array(try InputFile.read(file)))
            let client = try options.client()
            var report = ImportReport()
            var batch: [ImportedRow] = []
            var bytes = 0
            while let item = dump.next() {
                switch item {
                case .problem(let problem):
                    report.problems.append(problem.description)
                case .row(let name, let columns, let values):
                    guard let table = BusinessTable(rawValue: name) else {
                        report.otherTables[name, default: 0] += 1
                        continue
                    }
                    let isFull = batch.count >= Self.mostRows || bytes >= Self.mostBytes
                    if isFull || batch.first.map({ $0.table != table }) ?? false {
                        try await send(batch, client, &report)
                        batch.removeAll(keepingCapacity: true)
                        bytes = 0
                    }
                    bytes += values.reduce(0) { $0 + ($1?.utf8.count ?? 0) }
                    batch.append(
                        ImportedRow(table: table, values: Dictionary(zip(columns, values)) { $1 }))
                }
            }
            if !batch.isEmpty { try await send(batch, client, &report) }
            print(options.json ? try JSONText.of(report) : report.text)
        }

        /// Of a request.
        private static let mostRows = 200
        private static let mostBytes = 1 << 20

        private struct Body: Encodable {
            let table: String
            let rows: [[String: String?]]
        }

        private func send(_ rows: [ImportedRow], _ client: APIClient, _ report: inout ImportReport) async throws {
            guard let table = rows.first?.table else { return }
            let prepared = await prepared(rows)
            let body = Body(table: table.rawValue, rows: prepared.map(\.values))
            let answer = try await client.post(["v1", "import", "business"], body)
            report.add(try answer.decoded(as: ImportAnswer.self), to: table)
        }

        /// Hashing a password takes tens of milliseconds, so all processors do it.
        private func prepared(_ rows: [ImportedRow]) async -> [ImportedRow] {
            let sendsWaiting = sendWaiting
            return await withTaskGroup(of: (Int, ImportedRow).self) { group in
                for (index, row) in rows.enumerated() {
                    group.addTask { (index, row.prepared(sendsWaiting: sendsWaiting)) }
                }
                var prepared = rows
                for await (index, row) in group { prepared[index] = row }
                return prepared
            }
        }
    }
}

struct ImportAnswer: Decodable {
    struct Refused: Decodable {
        let id: String
        let reason: String
    }

    let taken: Int
    let alreadyThere: Int
    let refused: [Refused]
}

/// What became of a dump.
private struct ImportReport: Encodable {
    struct Counts: Encodable {
        var taken = 0
        var alreadyThere = 0
        var refused: [String] = []
    }

    var tables: [String: Counts] = [:]
    /// Rows of tables that are none of the business system's.
    var otherTables: [String: Int] = [:]
    var problems: [String] = []

    mutating func add(_ answer: ImportAnswer, to table: BusinessTable) {
        tables[table.rawValue, default: Counts()].taken += answer.taken
        tables[table.rawValue, default: Counts()].alreadyThere += answer.alreadyThere
        tables[table.rawValue, default: Counts()].refused += answer.refused.map { "id \($0.id): \($0.reason)" }
    }

    var text: String {
        var table = TextTable(header: ["TABLE", "TAKEN", "ALREADY THERE", "NOT TAKEN"])
        for name in BusinessTable.allCases.map(\.rawValue) {
            let counts = tables[name] ?? Counts()
            table.add(name, String(counts.taken), String(counts.alreadyThere), String(counts.refused.count))
        }
        var lines = [table.text]
        for name in BusinessTable.allCases.map(\.rawValue) {
            lines += (tables[name]?.refused ?? []).map { "Not taken: \(name), \($0)" }
        }
        lines += problems.map { "Not read: \($0)" }
        lines += otherTables.sorted { $0.key < $1.key }.map { "Not taken: \($0.value) rows of \($0.key)" }
        return lines.joined(separator: "\n")
    }
}
