import ApusCore
import ApusStore
import ApusTestKit
import Foundation
import GRDB
import Testing

@Suite("A look through the store")
struct StoreInspectionTests {
    private let now = ManualClock().now

    /// The codes of what is found in a store with a few deliveries in which `sql` was executed.
    private func problems(after sql: String = "", sent: Int = 3) throws -> [StoreReport.Problem] {
        try report(after: sql, sent: sent).problems
    }

    private func report(after sql: String, sent: Int = 3) throws -> StoreReport {
        try TemporaryDirectory.with { directory in
            try fill(directory, sent: sent)
            let database = try DatabaseQueue(path: directory + "/apus.db")
            try database.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA foreign_keys = OFF; PRAGMA writable_schema = ON; " + sql)
            }
            try database.close()
            return try StoreInspection.report(on: directory, at: now) { _ in }
        }
    }

    private func fill(_ directory: String, sent: Int) throws {
        let store = try SQLiteMessageStore(directory: directory)
        var fixture = StoreFixture(store)
        let app = try fixture.app()
        let ann = try fixture.device(app, "ann")
        for _ in 0..<sent { _ = try fixture.send(app, to: Audience(.all), confirm: true) }
        let read = try fixture.send(app, to: Audience(.all), confirm: true)
        var change = DeliveryChange(message: read.id, device: ann.number)
        change.readAt = fixture.clock.now
        _ = try fixture.apply(change)
        let cancelled = try fixture.send(app, to: Audience(.all))
        _ = try fixture.apply(.ended(cancelled.id, ann.number, .cancelled, at: fixture.clock.now))
        try store.close()
    }

    @Test("finds nothing wrong with a store that is right, and counts each delivery once")
    func right() throws {
        let report = try report(after: "")
        #expect(report.problems.isEmpty)
        #expect(report.schema == StoreInspection.schemas.last)
        #expect(report.counts?.apps == 1 && report.counts?.devices == 1 && report.counts?.messages == 5)
        #expect(
            report.counts?.deliveries == [
                "unsent": 3, "sent": 0, "received": 0, "read": 1, "expired": 0, "failed": 0, "cancelled": 1,
            ])
    }

    @Test(
        "names what is wrong",
        arguments: [
            ("UPDATE deliveries SET state = 7, open = 0 WHERE state = 3", "delivery_state"),
            (
                "UPDATE deliveries SET end = 'lost', ended_at = 1, open = 0 WHERE state = 0 AND end IS NULL",
                "delivery_state"
            ),
            ("UPDATE deliveries SET open = 0 WHERE open = 1", "delivery_open"),
            ("UPDATE deliveries SET open = 1 WHERE state = 3", "delivery_open"),
            ("UPDATE deliveries SET received_at = NULL WHERE state = 3", "delivery_times"),
            ("UPDATE deliveries SET sent_at = 5 WHERE state = 0", "delivery_times"),
            ("UPDATE deliveries SET ended_at = NULL WHERE end = 'cancelled'", "delivery_times"),
            ("DELETE FROM messages WHERE id = (SELECT max(id) FROM messages)", "delivery_message"),
            ("DELETE FROM devices", "delivery_device"),
            ("UPDATE messages SET app = 99", "reference"),
            ("UPDATE messages SET id = -1 WHERE id = (SELECT max(id) FROM messages)", "message_id"),
            ("UPDATE messages SET id = id * 2 WHERE id = (SELECT max(id) FROM messages)", "message_time"),
            ("INSERT INTO delivery_counts SELECT id, 2, 0, 0, 0, 0, 0, 0 FROM messages", "delivery_counts"),
            ("INSERT INTO delivery_counts VALUES (99, 0, 0, 0, 0, 0, 0, 0)", "delivery_counts_message"),
            ("DROP INDEX deliveries_open", "schema"),
            ("ALTER TABLE trail ADD COLUMN more TEXT", "schema"),
            ("DROP TRIGGER sys_devices_deleted", "schema"),
            ("DELETE FROM grdb_migrations", "schema"),
            ("DELETE FROM grdb_migrations WHERE identifier = '3 vendors'", "schema"),
            ("INSERT INTO grdb_migrations VALUES ('99 from the future')", "database_newer"),
            ("DELETE FROM sqlite_schema WHERE name = 'deliveries_open'", "database_damaged"),
        ])
    func broken(_ sql: String, _ code: String) throws {
        let codes = try problems(after: sql).map(\.code)
        #expect(codes.contains(code))
    }

    @Test("says how many rows are wrong, and which is the first")
    func sentence() throws {
        let problem = try #require(
            try problems(after: "UPDATE deliveries SET open = 0 WHERE open = 1").first { $0.code == "delivery_open" })
        #expect(problem.text.hasPrefix("3 deliveries count as open"))
        #expect(problem.text.contains(/the first is message \d+\.$/))
    }

    @Test("leaves alone what others added to the tables")
    func others() throws {
        let found = try problems(after: "CREATE TABLE mine (id); CREATE INDEX mine_too ON sys_users(mobile)")
        #expect(found.isEmpty)
    }

    @Test("takes a store of an earlier version for what it is")
    func earlier() throws {
        try TemporaryDirectory.with { directory in
            try FirstVersion.make(in: directory)
            let report = try StoreInspection.report(on: directory, at: Timestamp(milliseconds: 1_000_000)) { _ in }
            #expect(report.problems.isEmpty && report.schema == "1 foundation")
        }
    }

    @Test("finds damaged pages, and files that are no database", arguments: [0, 4096, 30 * 4096])
    func damaged(_ offset: UInt64) throws {
        try TemporaryDirectory.with { directory in
            try fill(directory, sent: 500)
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: directory + "/apus.db"))
            try file.seek(toOffset: offset)
            try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
            try file.close()
            let report = try StoreInspection.report(on: directory, at: now) { _ in }
            #expect(report.problems.contains { $0.code == "database_damaged" })
        }
    }

    @Test("refuses a directory without a database, and makes none")
    func missing() throws {
        try TemporaryDirectory.with { directory in
            #expect(throws: StoreOpeningError.self) {
                try StoreInspection.report(on: directory, at: now) { _ in }
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(names.isEmpty)
        }
    }
}

@Suite("A copy of a store in use")
struct StoreCopyTests {
    @Test("is of the moment when it began, whatever is written meanwhile, and one plain file")
    func consistent() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteMessageStore(directory: directory + "/data")
            var fixture = StoreFixture(store)
            let app = try fixture.app()
            let device = try fixture.device(app, "ann")
            var before: [MessageID] = []
            for _ in 0..<300 {
                before.append(
                    try fixture.send(app, to: Audience(.all), alert: String(repeating: "x", count: 40_000)).id)
            }
            let target = directory + "/copy"
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            var parts: [Double] = []
            try StoreCopy.make(of: directory + "/data", at: target + "/apus.db") { part in
                parts.append(part)
                _ = try? fixture.send(app, to: Audience(.all))
            }
            #expect(parts.count > 1 && parts == parts.sorted() && parts.last == 1)
            let last = try store.read { try $0.lastMessage() }
            #expect(last > before[299], "nothing was written meanwhile")
            try store.close()
            let names = try FileManager.default.contentsOfDirectory(atPath: target)
            #expect(names == ["apus.db"])
            let copy = try SQLiteMessageStore(directory: target)
            let pending = try copy.read {
                try $0.pending(for: device.number, after: .zero, limit: 1000, at: fixture.clock.now)
            }
            #expect(pending.map(\.message.id) == before)
            try copy.close()
        }
    }
}
