package import ApusCore
import Foundation
import GRDB

/// Looks through a store, which a server may be writing to, and says what is wrong with it.
package enum StoreInspection {
    /// The migrations that this version knows, in order.
    package static var schemas: [String] { SQLiteSchema.migrator.migrations }

    /// The store of a data directory.
    /// - Parameter progress: told what is being looked at.
    /// - Throws: `StoreOpeningError` if there is none.
    package static func report(
        on directory: String, at now: Timestamp, progress: (String) -> Void
    ) throws -> StoreReport {
        var report = StoreReport()
        do {
            let file = try StoreFile.open(StoreFile.path(in: directory))
            try file.read { try inspect($0, at: now, &report, progress) }
            try file.close()
        } catch let error as StoreOpeningError where error.code == "database_damaged" {
            report.problems.append(.init(code: error.code, text: error.description))
        } catch let error as DatabaseError {
            // Where a page is damaged, even counting fails.
            report.problems.append(.init(code: "database_damaged", text: error.message ?? "\(error.resultCode)"))
        }
        return report
    }

    /// What a store holds, without a look for what is wrong.
    /// - Throws: `StoreOpeningError`, also if a newer version wrote it, or `DatabaseError` if it cannot be read.
    package static func summary(of directory: String) throws -> (schema: String, counts: StoreCounts) {
        let path = StoreFile.path(in: directory)
        let file = try StoreFile.open(path)
        let summary = try file.read { database in
            try StoreFile.refuseNewer(database, path)
            return (try SQLiteSchema.migrator.appliedMigrations(database).last ?? "", try count(database))
        }
        try file.close()
        return summary
    }

    /// When the latest message was accepted; nil if there is none.
    /// - Throws: as `summary(of:)`.
    package static func lastMessage(in directory: String) throws -> Timestamp? {
        let file = try StoreFile.open(StoreFile.path(in: directory))
        let last = try file.read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM messages") }
        try file.close()
        return last.map { MessageID($0).time }
    }

    private static func inspect(
        _ database: Database, at now: Timestamp, _ report: inout StoreReport, _ progress: (String) -> Void
    ) throws {
        progress("the pages of the database")
        let damages = try String.fetchAll(database, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
        report.problems += damages.map { .init(code: "database_damaged", text: $0) }
        progress("the tables")
        report.schema = try SQLiteSchema.migrator.appliedMigrations(database).last
        let schemaProblems = try Self.schemaProblems(database)
        report.problems += schemaProblems
        guard damages.isEmpty, schemaProblems.isEmpty else { return }
        progress("the rows")
        report.problems += try brokenReferences(database)
        report.problems += try broken(StoreRule.deliveries, "deliveries", key: "message", database)
        report.problems += try broken(StoreRule.messages(at: now), "messages", key: "id", database)
        if try database.tableExists("delivery_counts") {
            report.problems += try broken(StoreRule.counts, "delivery_counts", key: "message", database)
        }
        let counts = try count(database)
        let deliveries = try rows(of: "deliveries", database)
        let sum = counts.deliveries.values.reduce(0, +)
        if sum != deliveries {
            report.problems.append(
                .init(
                    code: "delivery_sum",
                    text: "\(deliveries) deliveries were accepted, but only \(sum) are in a state or have an end."))
        }
        report.counts = counts
    }

    private static func brokenReferences(_ database: Database) throws -> [StoreReport.Problem] {
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY \"table\", parent")
        return rows.map { row in
            let (table, parent, count): (String, String, Int) = (row[0], row[1], row[2])
            return .init(
                code: "reference", text: "\(count) rows of \(table) belong to a row of \(parent) that there is not.")
        }
    }

    /// One pass over a table for all its rules.
    private static func broken(
        _ rules: [StoreRule], _ table: String, key: String, _ database: Database
    ) throws -> [StoreReport.Problem] {
        let columns = rules.map { "count(*) FILTER (WHERE \($0.isBroken)), min(\(key)) FILTER (WHERE \($0.isBroken))" }
        let row = try Row.fetchOne(database, sql: "SELECT \(columns.joined(separator: ", ")) FROM \(table)")
        guard let row else { return [] }
        return rules.enumerated().compactMap { index, rule in
            let count: Int = row[index * 2]
            guard count > 0, let first: Int64 = row[index * 2 + 1] else { return nil }
            return .init(code: rule.code, text: "\(count) \(table) \(rule.sentence); the first is message \(first).")
        }
    }

    /// In which state or with which end a delivery counts: in exactly one.
    static let buckets = ["unsent", "sent", "received", "read", "expired", "failed", "cancelled"]
    static let bucket = """
        coalesce(end, CASE state WHEN 0 THEN 'unsent' WHEN 1 THEN 'sent' WHEN 2 THEN 'received' WHEN 3 THEN 'read' END)
        """

    private static func count(_ database: Database) throws -> StoreCounts {
        var counts = StoreCounts()
        counts.apps = try rows(of: "apps", database)
        counts.devices = try rows(of: "devices", database)
        counts.messages = try rows(of: "messages", database)
        for name in buckets { counts.deliveries[name] = 0 }
        let rows = try Row.fetchAll(database, sql: "SELECT \(bucket), count(*) FROM deliveries GROUP BY 1")
        for row in rows {
            if let name: String = row[0], buckets.contains(name) { counts.deliveries[name] = row[1] }
        }
        return counts
    }
    private static func rows(of table: String, _ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0
    }
}
