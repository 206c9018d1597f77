import ApusCore
import ApusStore
import ApusTestKit
import GRDB
import Testing

@Suite("Every store keeps the audit")
struct AuditContractTests {
    private func entry(_ sequence: Int64, _ act: String, actor: String = "token:ann", at: Int64 = 0) -> AuditEntry {
        AuditEntry(
            sequence: sequence, at: Timestamp(milliseconds: at),
            act: AuditAct(actor: actor, address: "192.0.2.1", name: act, object: "x", details: "{}"),
            previous: [UInt8](repeating: UInt8(sequence - 1), count: 32),
            seal: [UInt8](repeating: UInt8(sequence), count: 32))
    }

    @Test("entries and the head come back as they are", arguments: StoreUnderTest.allCases)
    func keeps(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            #expect(try fixture.store.read { try $0.auditHead() } == nil)
            #expect(try fixture.store.read { try $0.lastAuditEntry() } == nil)
            let entries = (1...5).map { entry(Int64($0), "app.create") }
            let heads = (4...5).map { AuditHead(sequence: $0, seal: [1, 2, UInt8($0)], message: MessageID($0 * 10)) }
            try fixture.store.write { transaction in
                for entry in entries { try transaction.append(entry) }
                for head in heads { try transaction.setAuditHead(head) }
            }
            #expect(try fixture.store.read { try $0.auditHead() } == heads.last)
            #expect(try fixture.store.read { try $0.lastAuditEntry() } == entries.last)
            #expect(try fixture.store.read { try $0.auditEntries(after: 1, limit: 3) } == Array(entries[1...3]))
        }
    }

    @Test("entries are found by time, act, kind of act and actor, the latest first", arguments: StoreUnderTest.allCases)
    func filters(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let entries = [
                entry(1, "app.create", at: 100), entry(2, "app.rotate_key", actor: "token:bob", at: 200),
                entry(3, "apples", at: 300), entry(4, "send", actor: "app:shop", at: 400),
            ]
            try fixture.store.write { transaction in for entry in entries { try transaction.append(entry) } }
            func found(_ filter: AuditFilter, before: Int64? = nil, limit: Int = 10) throws -> [Int64] {
                try fixture.store.read { try $0.auditEntries(filter, before: before, limit: limit) }.map(\.sequence)
            }
            #expect(try found(AuditFilter()) == [4, 3, 2, 1])
            #expect(try found(AuditFilter(), before: 4, limit: 2) == [3, 2])
            #expect(try found(AuditFilter(since: Timestamp(milliseconds: 200))) == [4, 3, 2])
            #expect(try found(AuditFilter(act: "app")) == [2, 1])
            #expect(try found(AuditFilter(act: "app.create")) == [1])
            #expect(try found(AuditFilter(act: "app", actor: "token:bob")) == [2])
        }
    }

    @Test("messages are counted by app from behind one of them", arguments: StoreUnderTest.allCases)
    func messages(_ kind: StoreUnderTest) throws {
        try kind.with { original in
            var fixture = original
            let (one, two) = (try fixture.app("one"), try fixture.app("two"))
            let sent = [
                try fixture.send(one, to: Audience(.all)), try fixture.send(two, to: Audience(.all)),
                try fixture.send(two, to: Audience(.all)),
            ].map(\.id)
            let all = [
                AppMessages(appID: "one", messages: 1, first: sent[0], last: sent[0]),
                AppMessages(appID: "two", messages: 2, first: sent[1], last: sent[2]),
            ]
            #expect(try fixture.store.read { try $0.messagesByApp(after: .zero) } == all)
            #expect(try fixture.store.read { try $0.messagesByApp(after: sent[1]) }.map(\.messages) == [1])
            #expect(try fixture.store.read { try $0.messagesByApp(after: sent[2]) } == [])
        }
    }

    @Test("the key's check is kept, the latest", arguments: StoreUnderTest.allCases)
    func keyCheck(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            #expect(try fixture.store.read { try $0.keyCheck() } == nil)
            for value in [[1], [2, 3]] as [[UInt8]] {
                try fixture.store.write { try $0.setKeyCheck(value) }
                #expect(try fixture.store.read { try $0.keyCheck() } == value)
            }
        }
    }

    @Test("SQLite refuses to change or to remove an entry")
    func appendOnly() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteMessageStore(directory: directory)
            try store.write { try $0.append(entry(1, "app.create")) }
            try store.close()
            let queue = try DatabaseQueue(path: directory + "/apus.db")
            for statement in ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"] {
                #expect(throws: DatabaseError.self) { try queue.write { try $0.execute(sql: statement) } }
            }
            try queue.close()
        }
    }
}
