import ApusCore
import ApusStore
import ApusTestKit
import GRDB
import NIOCore
import Testing

@Suite("How many deliveries stand where")
struct CountsContractTests {
    @Test("is what counting them gives, whatever is done to them", arguments: StoreUnderTest.allCases)
    func everything(_ kind: StoreUnderTest) throws {
        for seed in 3...5 as ClosedRange<UInt64> {
            try kind.with { fixture in
                var play = try JournalPlay(fixture, seed: seed)
                for _ in 0..<80 {
                    try play.act()
                    try play.checkCounts()
                }
            }
        }
    }

    @Test(
        "is known of what is left, while messages expire and are removed in steps", arguments: StoreUnderTest.allCases)
    func steps(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let devices = try fixture.devices(app, 5200)
            let messages = try (0..<2).map { _ in try fixture.send(app, to: Audience(.all), timeToLive: 10) }
            let sent = SentGroup(
                message: messages[0].id, route: .xmpp, at: fixture.clock.now, devices: devices.prefix(300).map(\.number)
            )
            try fixture.store.write { _ = try $0.apply(sent) }
            fixture.clock.advance(by: .seconds(20))
            let now = fixture.clock.now
            var steps = 0
            var hasMore = true
            while hasMore {
                try fixture.store.write { hasMore = try $0.expire(at: now, limit: 10).hasMore }
                for message in messages { try fixture.expectCounts(of: message) }
                steps += 1
            }
            #expect(try fixture.store.read { try $0.counts(of: messages[0].id) }.expired == 4900)
            hasMore = true
            while hasMore {
                try fixture.store.write {
                    hasMore = try $0.purge(app.number, before: MessageID(.max), limit: 10).hasMore
                }
                for message in messages { try fixture.expectCounts(of: message) }
                steps += 1
            }
            #expect(try fixture.store.read { try $0.counts(of: messages[1].id) } == DeliveryCounts())
            if kind == .sqlite { #expect(steps > 4, "it was not done at once") }
        }
    }

    @Test("is known within a transaction too, and no more if that fails", arguments: StoreUnderTest.allCases)
    func transaction(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let devices = try fixture.devices(app, 30)
            let first = try fixture.send(app, to: Audience(.all))
            let second = MessageID(fixture.nextID().rawValue)
            let request = PushRequest(
                app: app.number, appID: app.id, audience: Audience(.all), content: MessageContent(alert: ""),
                needsConfirmation: true, timeToLive: 60)
            let now = fixture.clock.now
            #expect(throws: ApusError.stopping) {
                try fixture.store.write { transaction in
                    var targets: [Target] = []
                    try transaction.resolve(Audience(.all), app: app.number, into: &targets)
                    try transaction.insert(
                        Message(request, id: second, at: now), request: request, targets: targets[...])
                    for message in [first.id, second] {
                        _ = try transaction.apply(.sent(message, devices[7].number, .xmpp, at: now))
                        var counts = try transaction.counts(of: message)
                        #expect(counts.unsent == 29 && counts.sent == 1)
                        _ = try transaction.apply(.ended(message, devices[8].number, .cancelled, at: now))
                        counts = try transaction.counts(of: message)
                        #expect(counts.unsent == 28 && counts.cancelled == 1)
                    }
                    throw ApusError.stopping
                }
            }
            #expect(try fixture.store.read { try $0.counts(of: second) } == DeliveryCounts())
            try fixture.expectCounts(of: first)
            try fixture.store.write { transaction in
                var targets: [Target] = []
                try transaction.resolve(Audience(.all), app: app.number, into: &targets)
                try transaction.insert(
                    Message(request, id: second, at: now), request: request, targets: targets.prefix(5))
                _ = try transaction.apply(.sent(second, devices[2].number, .xmpp, at: now))
            }
            let counts = try fixture.store.read { try $0.counts(of: second) }
            #expect(counts.unsent == 4 && counts.sent == 1)
        }
    }
}

@Suite("Counts that are kept")
struct KeptCountsTests {
    /// What is written of messages to many.
    private func kept(_ directory: String) throws -> [Int64] {
        let file = try DatabaseQueue(path: directory + "/apus.db")
        defer { try? file.close() }
        return try file.read { try Int64.fetchAll($0, sql: "SELECT message FROM delivery_counts ORDER BY message") }
    }

    @Test("are those of messages to many, go on after a restart and go with their messages")
    func restart() throws {
        try TemporaryDirectory.with { directory in
            func open<Result>(_ body: (inout StoreFixture) throws -> Result) throws -> Result {
                let store = try SQLiteMessageStore(directory: directory)
                defer { try? store.close() }
                var fixture = StoreFixture(store)
                return try body(&fixture)
            }
            let (app, devices, large, small) = try open { fixture in
                let app = try fixture.app()
                let devices = try fixture.devices(app, 1001)
                let small = try fixture.send(app, to: Audience(.device, devices.prefix(1000).map(\.id)))
                return (app, devices, try fixture.send(app, to: Audience(.all)), small)
            }
            #expect(try kept(directory) == [large.id.rawValue])
            try open { fixture in
                for message in [large, small] {
                    _ = try fixture.apply(DeliveryChange(message.id, devices[3].number, .read, at: fixture.clock.now))
                    try fixture.expectCounts(of: message)
                }
                let counts = try fixture.store.read { try $0.counts(of: large.id) }
                #expect(counts.unsent == 1000 && counts.read == 1)
            }
            let report = try StoreInspection.report(on: directory, at: ManualClock().now) { _ in }
            #expect(report.problems.isEmpty)
            try open { fixture in
                fixture.clock.advance(by: .seconds(9999))
                let removed = try fixture.purge(app, by: Retention(age: 10))
                #expect(removed == 2)
            }
            #expect(try kept(directory).isEmpty)
        }
    }

    @Test("are made for what is in a store of an earlier version")
    func migration() throws {
        try TemporaryDirectory.with { directory in
            try FirstVersion.make(in: directory)
            let file = try DatabaseQueue(path: directory + "/apus.db")
            try file.writeWithoutTransaction { database in
                try database.execute(
                    sql: """
                        WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
                        INSERT INTO devices SELECT i, i, 1, '', 'ann', 1, 'token' || i, NULL, 1, 1000 FROM n;
                        INSERT INTO messages SELECT 6, app, tenant, kind, alert, extra, sound, badge, listen_flag, sender,
                            sender_device, sms_message, needs_confirmation, expires_at, audience_kind, audience, platform,
                            swept FROM messages;
                        INSERT INTO deliveries
                        SELECT 6, id, 0, 0, id % 7 = 0, min(id % 7, 3), 0, NULL, id, id, id,
                            CASE id % 7 WHEN 4 THEN 'expired' WHEN 5 THEN 'failed' WHEN 6 THEN 'cancelled' END, NULL, NULL
                        FROM devices;
                        """)
            }
            try file.close()
            let store = try SQLiteMessageStore(directory: directory)
            let counts = try store.read { try $0.counts(of: MessageID(6)) }
            #expect([counts.unsent, counts.sent, counts.received, counts.read] == [285, 286, 286, 286])
            #expect([counts.expired, counts.failed, counts.cancelled] == [286, 286, 285])
            #expect(try store.read { try $0.counts(of: MessageID(5)) }.unsent == 1)
            try store.close()
            #expect(try kept(directory) == [6])
        }
    }
}

extension StoreFixture {
    /// Compares what the store says of a message with how its deliveries stand.
    func expectCounts(of message: Message) throws {
        let (counts, records) = try store.read { snapshot in
            (
                try snapshot.counts(of: message.id),
                try snapshot.deliveries(of: message.id, after: nil, limit: 10_000)
            )
        }
        var expected = DeliveryCounts()
        for record in records { expected.count(record.delivery.state, record.delivery.end) }
        #expect(counts == expected)
    }
}
