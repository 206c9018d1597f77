import ApusCore
import GRDB
import Testing

@testable import ApusStore

@Suite("What is looked for again and again")
struct QueryPlanTests {
    private let now = Timestamp(milliseconds: 1_800_000_000_000)

    /// How SQLite finds what the statements of `body` ask for, a line for each step.
    /// - Parameter content: writes what is there before, for an app.
    private func steps(
        with content: (SQLiteTransaction, App) throws -> Void, of body: (SQLiteTransaction, App) throws -> Void
    ) throws -> [String] {
        let queue = try DatabaseQueue()
        try SQLiteSchema.migrator.migrate(queue)
        return try queue.write { database in
            let transaction = SQLiteTransaction(database, journal: JournalDraft(isKept: true))
            let app = try #require(
                try transaction.insertApp(id: "app", name: "", keyHash: SecretHash(of: "key"), at: now))
            try content(transaction, app)
            var statements: [String] = []
            database.trace { statements.append($0.expandedDescription) }
            try body(transaction, app)
            database.trace()
            let steps = try statements.flatMap { statement -> [String] in
                try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN \(statement)").map { $0["detail"] }
            }
            return Set(steps).sorted()
        }
    }

    @Test("what is to be removed is found by indexes")
    func retention() throws {
        let found = try steps { transaction, app in
            for number in 1...3 as ClosedRange<Int64> {
                let request = PushRequest(
                    app: app.number, appID: app.id, audience: Audience(.all), content: MessageContent(alert: "hello"),
                    timeToLive: 1, idempotencyKey: "key \(number)")
                let id = MessageID(MessageID(lowestAt: now).rawValue + number)
                try transaction.insert(Message(request, id: id, at: now), request: request, targets: [])
            }
        } of: { transaction, app in
            let later = now.adding(seconds: 10)
            _ = try transaction.expire(at: later, limit: 10)
            let retention = Retention(age: 60, count: 1)
            let kept = try #require(try transaction.firstKept(of: app.number, by: retention, at: later))
            #expect(try transaction.purge(app.number, before: kept, limit: 10).removed == 2)
            #expect(try !transaction.forgetKeys(before: later, limit: 10))
            _ = try transaction.purgeJournal(before: later, keeping: 10, at: later, limit: 10)
        }
        #expect(
            found.filter { $0.contains(" messages ") || $0.contains(" idempotency ") } == [
                "SEARCH idempotency USING COVERING INDEX idempotency_by_time (at<?)",
                "SEARCH idempotency USING PRIMARY KEY (app=? AND tenant=? AND key=?)",
                "SEARCH messages USING COVERING INDEX messages_of_app (app=?)",
                "SEARCH messages USING INDEX messages_by_expiry (expires_at<?)",
                "SEARCH messages USING INDEX messages_of_app_swept (app=? AND <expr><?)",
                "SEARCH messages USING INDEX messages_of_app_swept (app=?)",
                "SEARCH messages USING INTEGER PRIMARY KEY (rowid=?)",
            ])
        // The journal is read from its beginning, and the other has one row.
        #expect(found.filter { $0.hasPrefix("SCAN") && !$0.contains("subquery") } == ["SCAN journal", "SCAN purged"])
        #expect(!found.contains { $0.contains("TEMP B-TREE") }, "nothing is sorted")
    }

    @Test("SMS and e-mail that are due are found by an index")
    func notices() throws {
        let found = try steps { transaction, app in
            try transaction.insert([
                Notice(row: 1, userNumber: "1", mode: .sms, address: "1", title: "", text: "", app: app.number)
            ])
        } of: { transaction, _ in
            let claimed = try transaction.claimNotices(.sms, at: now, limit: 10) { _ in 10 }
            #expect(claimed.count == 1)
        }
        #expect(
            found == [
                "SEARCH notices USING INDEX notices_waiting (mode=? AND app=?)",
                "SEARCH notices USING INDEX notices_waiting (mode=? AND app>?)",
                "SEARCH notices USING PRIMARY KEY (row=? AND user_num=?)",
            ])
    }
}
