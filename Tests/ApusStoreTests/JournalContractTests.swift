import ApusCore
import ApusStore
import ApusTestKit
import Foundation
import NIOCore
import Testing

@Suite("Every store's journal")
struct JournalContractTests {
    private func events(of store: any MessageStore, after: EventID = .zero) throws -> [StateEvent] {
        var events: [StateEvent] = []
        var after = after
        while let page = try store.read({ try $0.journal(after: after, limit: 7) }) {
            #expect(page.events.count <= 7)
            events += page.events
            after = page.last
        }
        #expect(try store.read { try $0.lastEvent() } == after)
        return events
    }

    @Test("says what becomes of deliveries, in order", arguments: StoreUnderTest.allCases)
    func order(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let (ann, ben) = (try fixture.device(app, "ann"), try fixture.device(app, "ben"))
            let message = try fixture.send(app, to: Audience(.alias, ["ann", "ben"]), confirm: true)
            let later = fixture.clock.now.adding(seconds: 1)
            _ = try fixture.apply(.sent(message.id, ann.number, .webSocket, at: later))
            _ = try fixture.apply(DeliveryChange(message.id, ann.number, .received, at: later.adding(seconds: 1)))
            _ = try fixture.apply(.ended(message.id, ben.number, .failed("vendor.dead"), at: later))
            _ = try fixture.apply(.ended(message.id, ben.number, .cancelled, at: later))
            #expect(
                try events(of: fixture.store) == [
                    StateEvent(accepted: message.id, .init(app: app.number, deliveries: 2), at: fixture.clock.now),
                    StateEvent(.unsent, message.id, ann.number, at: fixture.clock.now),
                    StateEvent(.unsent, message.id, ben.number, at: fixture.clock.now),
                    StateEvent(.sent, message.id, ann.number, at: later, route: .webSocket),
                    StateEvent(.received, message.id, ann.number, at: later.adding(seconds: 1), route: .webSocket),
                    StateEvent(.failed, message.id, ben.number, at: later, reason: "vendor.dead"),
                ])
        }
    }

    @Test("has exactly what deliveries went through, whatever is done to them", arguments: StoreUnderTest.allCases)
    func everything(_ kind: StoreUnderTest) throws {
        for seed in 1...2 as ClosedRange<UInt64> {
            try kind.with { fixture in
                var play = try JournalPlay(fixture, seed: seed)
                for _ in 0..<80 { try play.act() }
                let told = try events(of: fixture.store)
                #expect(Set(told.compactMap(\.accepted?.deliveries)).count > 1, "the play is worth something")
                try play.check(told)
            }
        }
    }

    @Test("says nothing of what was rolled back", arguments: StoreUnderTest.allCases)
    func rolledBack(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            let message = try fixture.send(app, to: Audience(.alias, ["ann"]))
            let before = try events(of: fixture.store)
            let now = fixture.clock.now
            #expect(throws: ApusError.stopping) {
                try fixture.store.write { transaction in
                    _ = try transaction.apply(.sent(message.id, ann.number, .xmpp, at: now))
                    #expect(transaction.eventCount == 1)
                    throw ApusError.stopping
                }
            }
            #expect(try events(of: fixture.store) == before)
        }
    }

    @Test("is read from anywhere, also from the middle of a large commit", arguments: StoreUnderTest.allCases)
    func anywhere(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            _ = try fixture.devices(app, 1200)
            _ = try fixture.send(app, to: Audience(.alias, ["d1"]))
            _ = try fixture.send(app, to: Audience(.all))
            _ = try fixture.send(app, to: Audience(.alias, ["d2"]))
            let all = try events(of: fixture.store)
            #expect(all.count == 2 + 1201 + 2)
            for after in [0, 1, 2, 3, 999, 1000, 1002, 1203, 1204] {
                let page = try fixture.store.read { try $0.journal(after: EventID(Int64(after)), limit: 1500) }
                #expect(page?.first == EventID(Int64(after) + 1))
                #expect(page?.events == Array(all.dropFirst(after)))
            }
            #expect(try fixture.store.read { try $0.journal(after: EventID(1205), limit: 10) } == nil)
        }
    }

    @Test("forgets what is old or too much, and never uses a number twice", arguments: StoreUnderTest.allCases)
    func retention(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let purge = { (keeping: Int64) in
                try fixture.store.write { transaction in
                    while try transaction.purgeJournal(
                        before: fixture.clock.now.adding(seconds: -10), keeping: keeping, at: fixture.clock.now,
                        limit: 2)
                    {}
                }
            }
            let first = { try fixture.store.read { try $0.journal(after: .zero, limit: 1)?.first.rawValue } }
            for _ in 0..<10 { _ = try fixture.send(app, to: Audience(.all)) }
            try purge(.max)
            #expect(try first() == 1)
            try purge(4)
            #expect(try first() == 7)
            fixture.clock.advance(by: .seconds(20))
            _ = try fixture.send(app, to: Audience(.all))
            try purge(.max)
            #expect(try first() == 11)
            fixture.clock.advance(by: .seconds(20))
            try purge(.max)
            #expect(try fixture.store.read { try $0.lastEvent() } == EventID(11), "the last stays")
            _ = try fixture.send(app, to: Audience(.all))
            #expect(try fixture.store.read { try $0.lastEvent() } == EventID(12))
        }
    }

    @Test("forgets in order, also what came before the clock was set back", arguments: StoreUnderTest.allCases)
    func retentionAfterJump(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let purged = {
                try fixture.store.write { transaction in
                    let now = fixture.clock.now
                    while try transaction.purgeJournal(
                        before: now.adding(seconds: -10), keeping: .max, at: now, limit: 2)
                    {}
                }
                return try fixture.store.read { try $0.journal(after: .zero, limit: 1)?.first.rawValue }
            }
            fixture.clock.setWallClock(forwardBy: .hours(24 * 3650))
            for _ in 0..<5 { _ = try fixture.send(app, to: Audience(.all)) }
            fixture.clock.setWallClock(forwardBy: .hours(-24 * 3650))
            #expect(try purged() == 1)
            _ = try fixture.send(app, to: Audience(.all))
            fixture.clock.advance(by: .seconds(8))
            _ = try fixture.send(app, to: Audience(.all))
            #expect(try purged() == 1)
            fixture.clock.advance(by: .seconds(8))
            #expect(try purged() == 7)
        }
    }

    @Test("knows whose a device is", arguments: StoreUnderTest.allCases)
    func faces(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let app = try fixture.app("one")
            let ann = try fixture.device(app, "ann")
            let face = try fixture.store.read { try $0.face(of: ann.number) }
            #expect(face == DeviceFace(id: ann.id, alias: "ann", app: app.number, appID: "one"))
            #expect(try fixture.store.read { try $0.face(of: DeviceNumber(99)) } == nil)
            try fixture.store.write { _ = try $0.removeDevice(id: ann.id, at: fixture.clock.now) }
            let gone = try fixture.store.read { try $0.face(of: ann.number) }
            #expect(gone == DeviceFace(id: nil, alias: nil, app: app.number, appID: "one"))
        }
    }

    @Test("goes on with its numbers after a restart, and after a time without a journal it has a gap")
    func restart() throws {
        try TemporaryDirectory.with { directory in
            func open<Result>(keepsJournal: Bool = true, _ body: (StoreFixture) throws -> Result) throws -> Result {
                let store = try SQLiteMessageStore(directory: directory, keepsJournal: keepsJournal)
                defer { try? store.close() }
                return try body(StoreFixture(store))
            }
            let app = try open { fixture in
                var fixture = fixture
                let app = try fixture.app()
                _ = try fixture.send(app, to: Audience(.all))
                return app
            }
            let last = try open { fixture in try fixture.store.read { try $0.lastEvent() } }
            #expect(last == EventID(1))
            for _ in 0..<2 {
                try open(keepsJournal: false) { fixture in
                    fixture.clock.advance(by: .seconds(1))
                    var fixture = fixture
                    _ = try? fixture.send(app, to: Audience(.all))
                }
            }
            try open { fixture in
                fixture.clock.advance(by: .seconds(9))
                var fixture = fixture
                _ = try fixture.send(app, to: Audience(.all))
                #expect(try fixture.store.read { try $0.journal(after: EventID(1), limit: 10)?.first } == EventID(3))
                #expect(try fixture.store.read { try $0.journal(after: .zero, limit: 10)?.last } == EventID(1))
            }
        }
    }

    @Test("hears of all changes, as they stand in one file")
    func oneFile() throws {
        let sources = URL(filePath: #filePath).appending(path: "../../../Sources/ApusStore/SQLite").standardized
        let files = try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil)
        let writing = try files.filter { file in
            let text = try String(contentsOf: file, encoding: .utf8)
            return ["UPDATE deliveries", "INTO deliveries", "DELETE FROM deliveries"].contains(where: text.contains)
        }
        #expect(writing.map(\.lastPathComponent) == ["SQLiteTransaction+DeliveryChanges.swift"])
    }
}
