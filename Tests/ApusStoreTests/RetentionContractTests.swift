import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("How long messages are kept")
struct RetentionContractTests {
    @Test("old messages that have expired are removed, and only those", arguments: StoreUnderTest.allCases)
    func age(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            _ = try fixture.device(app, "ann")
            let old = try fixture.send(app, to: Audience(.all), timeToLive: 10)
            let open = try fixture.send(app, to: Audience(.all), timeToLive: 1_000_000)
            fixture.clock.advance(by: .seconds(1000))
            let young = try fixture.send(app, to: Audience(.all), timeToLive: 10)
            fixture.clock.advance(by: .seconds(10))
            #expect(try fixture.purge(app, by: Retention(age: 500)) == 1)
            #expect(try fixture.kept([old, open, young]) == [open.id, young.id])
            #expect(try fixture.store.read { try $0.counts(of: old.id) }.total == 0)
            #expect(try fixture.purge(app, by: Retention(age: 500)) == 0)
        }
    }

    @Test("the latest are kept, and all that have not expired", arguments: StoreUnderTest.allCases)
    func count(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let (app, other) = (try fixture.app(), try fixture.app("other"))
            let ann = try fixture.device(app, "ann")
            let open = try fixture.send(app, to: Audience(.all), timeToLive: 1000)
            let messages = try (0..<5).map { _ in try fixture.send(app, to: Audience(.all), timeToLive: 10) }
            let others = try (0..<5).map { _ in try fixture.send(other, to: Audience(.all), timeToLive: 10) }
            #expect(try fixture.purge(app, by: Retention(age: 9999, count: 2)) == 0, "nothing has expired")
            fixture.clock.advance(by: .seconds(10))
            #expect(try fixture.purge(app, by: Retention(age: 9999, count: 6)) == 0)
            #expect(try fixture.purge(app, by: Retention(age: 9999, count: 2)) == 3)
            #expect(try fixture.kept([open] + messages) == [open.id, messages[3].id, messages[4].id])
            #expect(try fixture.pending(ann) == [open.id])
            #expect(try fixture.purge(app, by: Retention(age: 9999)) == 0, "no count is no limit")
            #expect(try fixture.purge(app, by: Retention(age: 5, count: 2)) == 2, "the age holds besides")
            #expect(try fixture.kept(others) == others.map(\.id))
        }
    }

    @Test("what waits for its time is kept until then, and is as old as that", arguments: StoreUnderTest.allCases)
    func scheduled(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let waiting = try fixture.send(
                app, to: Audience(.all), timeToLive: 10, sendAt: fixture.clock.now.adding(seconds: 1000))
            let messages = try (0..<3).map { _ in try fixture.send(app, to: Audience(.all), timeToLive: 10) }
            fixture.clock.advance(by: .seconds(1000))
            #expect(try fixture.purge(app, by: Retention(age: 9999, count: 2)) == 1)
            #expect(try fixture.kept([waiting] + messages) == [waiting.id, messages[1].id, messages[2].id])
            try fixture.store.write { try $0.release(waiting, to: []) }
            fixture.clock.advance(by: .seconds(10))
            #expect(try fixture.purge(app, by: Retention(age: 500, count: 1)) == 2)
            #expect(try fixture.kept([waiting]) == [waiting.id], "what came before its time does not count")

            let others = try (0..<2).map { _ in try fixture.send(app, to: Audience(.all), timeToLive: 10) }
            fixture.clock.advance(by: .seconds(480))
            #expect(try fixture.purge(app, by: Retention(age: 500, count: 3)) == 0)
            #expect(try fixture.purge(app, by: Retention(age: 500, count: 2)) == 1)
            #expect(try fixture.kept([waiting] + others) == others.map(\.id))

            let last = try fixture.send(
                app, to: Audience(.all), timeToLive: 10, sendAt: fixture.clock.now.adding(seconds: 1000))
            fixture.clock.advance(by: .seconds(1499))
            try fixture.store.write { try $0.release(last, to: []) }
            #expect(try fixture.purge(app, by: Retention(age: 500)) == 2)
            #expect(try fixture.kept([last]) == [last.id])
            fixture.clock.advance(by: .seconds(2))
            #expect(try fixture.purge(app, by: Retention(age: 500)) == 1)
        }
    }

    @Test("they are removed in steps", arguments: StoreUnderTest.allCases)
    func steps(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let messages = try (0..<5).map { _ in try fixture.send(app, to: Audience(.all), timeToLive: 10) }
            fixture.clock.advance(by: .seconds(10))
            let steps = try fixture.steps(of: app, by: Retention(age: 9999, count: 1), limit: 3)
            #expect(steps.allSatisfy { $0 <= 3 } && steps.reduce(0, +) == 4)
            #expect(try fixture.kept(messages) == [messages[4].id])
        }
    }

    @Test("an app says what holds for itself, or takes it back", arguments: StoreUnderTest.allCases)
    func own(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let (app, other) = (try fixture.app(), try fixture.app("other"))
            func retention(of app: App) throws -> AppRetention {
                try fixture.store.read { try $0.retention(of: app.number) }
            }
            for own in [AppRetention(age: 60, count: 7), AppRetention(count: 0), AppRetention(age: 60), AppRetention()]
            {
                try fixture.store.write { try $0.setRetention(own, of: app.number) }
                #expect(try retention(of: app) == own)
                #expect(try retention(of: other) == AppRetention())
            }
        }
    }

    @Test("idempotency keys are forgotten when they are old", arguments: StoreUnderTest.allCases)
    func keys(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            _ = try fixture.send(app, to: Audience(.all), key: "old")
            fixture.clock.advance(by: .seconds(1000))
            let young = try fixture.send(app, to: Audience(.all), key: "young")
            try fixture.store.write { (transaction) throws in
                #expect(try !transaction.forgetKeys(before: fixture.clock.now.adding(seconds: -500), limit: 100))
                func message(_ key: String, tenant: String = "", after seconds: Int64 = -9999) throws -> MessageID? {
                    try transaction.message(
                        withIdempotencyKey: key, app: app.number, tenant: tenant,
                        after: fixture.clock.now.adding(seconds: seconds))
                }
                #expect(try message("old") == nil)
                #expect(try message("young") == young.id)
                #expect(try message("young", after: 0) == nil)
                #expect(try message("young", tenant: "t") == nil)
            }
        }
    }

    @Test("after the clock was set back, everything is as old as it is", arguments: StoreUnderTest.allCases)
    func jump(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let before = try fixture.send(app, to: Audience(.all), timeToLive: 10)
            fixture.clock.setWallClock(forwardBy: .hours(24 * 3650))
            let ahead = try fixture.send(app, to: Audience(.all), timeToLive: 10)
            fixture.clock.setWallClock(forwardBy: .hours(-24 * 3650))
            let after = try ["a", "b", "c"].map { key in
                fixture.clock.advance(by: .seconds(1))
                return try fixture.send(app, to: Audience(.all), timeToLive: 10, key: key)
            }
            #expect(after[0].id > ahead.id && after[0].acceptedAt < ahead.acceptedAt)
            #expect(try fixture.store.read { try $0.message(after[0].id) }?.message.acceptedAt == after[0].acceptedAt)
            fixture.clock.advance(by: .seconds(10))
            #expect(try fixture.purge(app, by: Retention(age: 9999, count: 4)) == 0)
            #expect(try fixture.purge(app, by: Retention(age: 9999, count: 2)) == 2)
            #expect(try fixture.kept([before, ahead] + after) == [ahead.id, after[1].id, after[2].id])
            fixture.clock.advance(by: .seconds(500))
            #expect(try fixture.purge(app, by: Retention(age: 500)) == 2)
            #expect(try fixture.kept([before, ahead] + after) == [ahead.id])
            try fixture.store.write { (transaction) throws in
                _ = try transaction.forgetKeys(before: fixture.clock.now.adding(seconds: -500), limit: 100)
                let key = try transaction.message(
                    withIdempotencyKey: "c", app: app.number, tenant: "", after: Timestamp(milliseconds: 0))
                #expect(key == nil)
                #expect(try transaction.lastMessage() == after[2].id, "no id is given out twice")
            }
        }
    }
}

extension StoreFixture {
    /// Does what is done from time to time.
    /// - Returns: how many messages were removed.
    func purge(_ app: App, by retention: Retention) throws -> Int {
        try steps(of: app, by: retention, limit: 100).reduce(0, +)
    }

    /// - Returns: how many messages each step removed.
    fileprivate func steps(of app: App, by retention: Retention, limit: Int) throws -> [Int] {
        try store.write { _ = try $0.expire(at: clock.now, limit: 100) }
        guard let kept = try store.read({ try $0.firstKept(of: app.number, by: retention, at: clock.now) }) else {
            return []
        }
        var steps: [Int] = []
        var hasMore = true
        while hasMore {
            try store.write { transaction in
                let purged = try transaction.purge(app.number, before: kept, limit: limit)
                steps.append(purged.removed)
                hasMore = purged.hasMore
            }
        }
        return steps
    }

    fileprivate func kept(_ messages: [Message]) throws -> [MessageID] {
        try store.read { snapshot in try messages.map(\.id).filter { try snapshot.message($0) != nil } }
    }
}
