import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("MessageStore, native sends")
struct NativeSendsContractTests {
    private func insert(
        _ fixture: StoreFixture, _ app: App, _ content: MessageContent, to audience: Audience = Audience(.all),
        number: Int64, sendAt: Timestamp? = nil
    ) throws -> Message {
        let request = PushRequest(
            app: app.number, appID: app.id, audience: audience, content: content, needsConfirmation: true,
            timeToLive: 60, sendAt: sendAt)
        let id = MessageID(MessageID(lowestAt: fixture.clock.now).rawValue + number)
        let message = Message(request, id: id, at: fixture.clock.now)
        try fixture.store.write { transaction in
            var targets: [Target] = []
            if sendAt == nil { try transaction.resolve(audience, app: app.number, into: &targets) }
            try transaction.insert(message, request: request, targets: targets[...])
            try transaction.replaceUndelivered(by: message, for: targets[...], at: fixture.clock.now)
        }
        return message
    }

    @Test("everything that a send says is kept", arguments: StoreUnderTest.allCases)
    func content(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            let content = MessageContent(
                alert: "A", urgency: .low, collapseKey: "k",
                variants: MessageVariants(
                    languages: ["zh": .init(alert: "你")], platforms: [.ios: .init(extra: "{}", badge: 2)]),
                recalls: MessageID(5))
            let sendAt = fixture.clock.now.adding(seconds: 10)
            let message = try insert(fixture, app, content, number: 1, sendAt: sendAt)
            let record = try #require(try fixture.store.read { try $0.message(message.id) })
            #expect(record.message.content == content)
            #expect(record.message.sendAt == sendAt && record.message.expiresAt == sendAt.adding(seconds: 60))
            #expect(record.state == .scheduled)
        }
    }

    @Test("a scheduled message is due at its time, and then has its deliveries", arguments: StoreUnderTest.allCases)
    func scheduled(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            let later = try insert(
                fixture, app, MessageContent(alert: "2"), number: 1, sendAt: fixture.clock.now.adding(seconds: 20))
            let sooner = try insert(
                fixture, app, MessageContent(alert: "1"), number: 2, sendAt: fixture.clock.now.adding(seconds: 10))
            let due = { (limit: Int) in
                try fixture.store.read { try $0.dueMessages(at: fixture.clock.now, limit: limit) }.map(\.message.id)
            }
            #expect(try due(10) == [])
            fixture.clock.advance(by: .seconds(20))
            #expect(try due(10) == [sooner.id, later.id])
            #expect(try due(1) == [sooner.id])
            let target = try #require(try fixture.store.read { try $0.target(ann.number) }).1
            try fixture.store.write { try $0.release(sooner, to: [target]) }
            #expect(try due(10) == [later.id])
            #expect(try fixture.pending(ann) == [sooner.id])
            #expect(try fixture.store.read { try $0.message(sooner.id) }?.state == .accepted)
            try fixture.store.write { (transaction) throws in
                #expect(try transaction.cancel(later.id, at: fixture.clock.now) == 0)
            }
            #expect(try due(10) == [])
            let record = try #require(try fixture.store.read { try $0.message(later.id) })
            #expect(record.state == .cancelled && record.cancelledAt == fixture.clock.now)
        }
    }

    @Test("what was due too late is expired, not forgotten", arguments: StoreUnderTest.allCases)
    func dueTooLate(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            let message = try insert(
                fixture, app, MessageContent(alert: "x"), number: 1, sendAt: fixture.clock.now.adding(seconds: 10))
            fixture.clock.advance(by: .seconds(100))
            let expire = { () throws -> Int in
                var ended = 0
                try fixture.store.write { ended = try $0.expire(at: fixture.clock.now, limit: 10).ended }
                return ended
            }
            // Of many that are due, not all are sent before the next look at what has expired.
            #expect(try expire() == 0)
            let target = try #require(try fixture.store.read { try $0.target(ann.number) }).1
            try fixture.store.write { try $0.release(message, to: [target]) }
            #expect(try expire() == 1)
            #expect(try fixture.delivery(message, ann)?.end == .expired)
        }
    }

    @Test(
        "what has the same collapse key, device and tenant takes the place of what is undelivered",
        arguments: StoreUnderTest.allCases)
    func collapsing(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            let (ann, ben) = (try fixture.device(app, "ann"), try fixture.device(app, "ben"))
            let score = MessageContent(alert: "1:0", collapseKey: "score")
            let first = try insert(fixture, app, score, number: 1)
            let others = [
                try insert(fixture, app, MessageContent(alert: "x", collapseKey: "other"), number: 2),
                try insert(fixture, app, MessageContent(alert: "x"), number: 3),
                try insert(fixture, app, score, to: Audience(.all, tenant: "t"), number: 4),
            ]
            let second = try insert(fixture, app, score, to: Audience(.alias, ["ann"]), number: 5)
            #expect(try fixture.delivery(first, ann)?.end == .cancelled)
            #expect(try fixture.delivery(first, ben)?.isOpen == true)
            let trail = try fixture.store.read { try $0.trail(of: first.id, to: ann.number) }
            #expect(trail.map(\.code) == ["replaced"])
            #expect(trail.first?.detail?.contains(second.id.description) == true)
            for message in others {
                #expect(try fixture.delivery(message, ann)?.isOpen == true)
                #expect(try fixture.delivery(message, ben)?.isOpen == true)
            }
            // What the device confirmed stays as it is.
            var change = DeliveryChange(message: second.id, device: ann.number)
            change.receivedAt = fixture.clock.now
            #expect(try fixture.apply(change))
            _ = try insert(fixture, app, score, number: 6)
            #expect(try fixture.delivery(second, ann)?.end == nil)
            #expect(try fixture.delivery(first, ben)?.end == .cancelled)
        }
    }

    @Test("a message that is purged is not replaced any more", arguments: StoreUnderTest.allCases)
    func purged(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            _ = try fixture.device(app, "ann")
            let score = MessageContent(alert: "1:0", collapseKey: "score")
            _ = try insert(fixture, app, score, number: 1)
            fixture.clock.advance(by: .seconds(100))
            #expect(try fixture.purge(app, by: Retention(age: 50)) == 1)
            let second = try insert(fixture, app, score, number: 2)
            #expect(try fixture.store.read { try $0.counts(of: second.id) }.unsent == 1)
        }
    }

    @Test("those that a message was handed over to are known by it", arguments: StoreUnderTest.allCases)
    func recipients(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            let devices = try ["ann", "ben", "cid", "dan"].map { try fixture.device(app, $0) }
            let message = try insert(fixture, app, MessageContent(alert: "x"), number: 1)
            for device in devices.prefix(3) {
                _ = try fixture.apply(.sent(message.id, device.number, .webSocket, at: fixture.clock.now))
            }
            var read = DeliveryChange(message: message.id, device: devices[1].number)
            read.readAt = fixture.clock.now
            _ = try fixture.apply(read)
            try fixture.store.write { transaction in
                _ = try transaction.deactivate(deviceID: devices[2].id, at: fixture.clock.now)
                _ = try transaction.cancel(message.id, at: fixture.clock.now)
                var targets: [Target] = []
                let audience = Audience(.recipients, [message.id.description])
                try transaction.resolve(audience, app: app.number, into: &targets)
                #expect(targets.map(\.device) == [devices[0].number, devices[1].number])
            }
        }
    }

    @Test("messages are listed in pages, the latest first", arguments: StoreUnderTest.allCases)
    func list(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let (app, other) = (try fixture.app(), try fixture.app("other"))
            let messages = try (0..<6).map { number in
                try insert(
                    fixture, number == 3 ? other : app, MessageContent(alert: "x"), number: Int64(number),
                    sendAt: number > 3 ? fixture.clock.now.adding(seconds: 5) : nil)
            }
            try fixture.store.write { transaction in
                for index in [1, 5] { _ = try transaction.cancel(messages[index].id, at: fixture.clock.now) }
            }
            let list = { (filter: MessageFilter, before: MessageID?, limit: Int) in
                try fixture.store.read { try $0.messages(filter, before: before, limit: limit) }
                    .map { record in messages.firstIndex { $0.id == record.message.id } }
            }
            #expect(try list(MessageFilter(), nil, 10) == [5, 4, 3, 2, 1, 0])
            #expect(try list(MessageFilter(appID: "app"), nil, 2) == [5, 4])
            #expect(try list(MessageFilter(appID: "app"), messages[4].id, 10) == [2, 1, 0])
            #expect(try list(MessageFilter(appID: "other"), nil, 10) == [3])
            #expect(try list(MessageFilter(appID: "nobody's"), nil, 10) == [])
            #expect(try list(MessageFilter(appID: "app", state: .scheduled), nil, 10) == [4])
            #expect(try list(MessageFilter(appID: "app", state: .cancelled), nil, 10) == [5, 1])
            #expect(try list(MessageFilter(appID: "app", state: .accepted), nil, 10) == [2, 0])
        }
    }
}
