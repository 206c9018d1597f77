import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("Messages that need not be kept")
struct RetentionSweepTests {
    @Test("are removed as the server says, unless their app says otherwise")
    func sweep() async throws {
        try await DispatcherFixture.with { fixture in
            _ = try fixture.device("ann")
            let own = try StoreFixture(fixture.store, clock: fixture.clock).app("own")
            let sweep = RetentionSweep(dispatcher: fixture.dispatcher, standard: Retention(age: 86_400, count: 3))
            func send(_ app: App) async throws -> MessageID {
                let request = PushRequest(
                    app: app.number, appID: app.id, audience: Audience(.all), content: MessageContent(alert: "hello"),
                    needsConfirmation: false, timeToLive: 60, idempotencyKey: nil)
                return try await fixture.dispatcher.send(request).message
            }
            func kept(_ messages: [MessageID]) async throws -> [MessageID] {
                try await fixture.dispatcher.query { snapshot in
                    try messages.filter { try snapshot.message($0) != nil }
                }
            }
            var (usual, others): ([MessageID], [MessageID]) = ([], [])
            for _ in 0..<5 {
                usual.append(try await send(fixture.app))
                others.append(try await send(own))
            }
            try await fixture.dispatcher.update { try $0.setRetention(AppRetention(count: 1), of: own.number) }
            try await sweep.sweep()
            #expect(try await kept(usual + others).count == 10, "none has expired")

            fixture.clock.advance(by: .seconds(60))
            _ = try await Maintenance(dispatcher: fixture.dispatcher, retention: Retention(age: 86_400)).step()
            try await sweep.sweep()
            #expect(try await kept(usual) == Array(usual[2...]))
            #expect(try await kept(others) == [others[4]])

            try await fixture.dispatcher.update {
                try $0.setRetention(AppRetention(age: 10 * 86_400, count: 0), of: own.number)
            }
            fixture.clock.advance(by: .seconds(2 * 86_400))
            try await sweep.sweep()
            #expect(try await kept(usual).isEmpty)
            #expect(try await kept(others) == [others[4]])
        }
    }

    @Test("are removed in as many steps as it takes")
    func steps() async throws {
        try await DispatcherFixture.with { fixture in
            var store = StoreFixture(fixture.store, clock: fixture.clock)
            let messages = try (0..<450).map { _ in try store.send(fixture.app, to: Audience(.all), timeToLive: 1) }
            fixture.clock.advance(by: .seconds(1))
            try fixture.store.write { _ = try $0.expire(at: fixture.clock.now, limit: 1000) }
            try await RetentionSweep(
                dispatcher: fixture.dispatcher, standard: Retention(age: 86_400, count: 10)
            ).sweep()
            let first = try await fixture.dispatcher.query { snapshot in
                try messages.first { try snapshot.message($0.id) != nil }?.id
            }
            #expect(first == messages[440].id)
        }
    }

    @Test("are kept from the moment on at which their app says so, and the next look follows it")
    func changedInTheMiddle() async throws {
        try await DispatcherFixture.with { fixture in
            var store = StoreFixture(fixture.store, clock: fixture.clock)
            for _ in 0..<450 { _ = try store.send(fixture.app, to: Audience(.all), timeToLive: 1) }
            fixture.clock.advance(by: .seconds(1))
            try fixture.store.write { _ = try $0.expire(at: fixture.clock.now, limit: 1000) }
            let sweep = RetentionSweep(dispatcher: fixture.dispatcher, standard: Retention(age: 86_400, count: 10))
            func kept() async throws -> Int {
                try await fixture.dispatcher.query { try $0.messages(MessageFilter(), before: nil, limit: 1000).count }
            }
            let app = fixture.app.number
            fixture.store.interruptNextWrite { try $0.setRetention(AppRetention(count: 240), of: app) }
            try await sweep.sweep()
            #expect(try await kept() == 250, "no step follows the one in which the app said so")
            try await sweep.sweep()
            #expect(try await kept() == 240)
        }
    }
}
