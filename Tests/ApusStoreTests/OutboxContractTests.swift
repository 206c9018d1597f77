import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("MessageStore, what vendors deliver")
struct OutboxContractTests {
    private let route = Route(rawValue: "vendor")

    private func entries(_ fixture: StoreFixture, after: DeliveryKey = .zero, limit: Int = 10) throws -> [OutboxEntry] {
        try fixture.store.read { store in
            try store.appsInOutbox(of: route).flatMap {
                try store.outbox(of: route, $0, after: after, limit: limit, at: fixture.clock.now)
            }
        }
    }

    private func due(_ entries: [OutboxEntry]) -> [VendorDelivery] {
        entries.compactMap { if case .due(let delivery) = $0 { delivery } else { nil } }
    }

    private func settle(
        _ fixture: StoreFixture, _ delivery: VendorDelivery, _ result: VendorOutcome.Result
    ) throws -> Bool {
        var changed = false
        let outcome = VendorOutcome(result, code: "vendor.code", detail: "detail")
        let settlement = VendorSettlement(delivery, route: route, outcome: outcome, at: fixture.clock.now)
        try fixture.store.write { changed = try $0.settle(settlement) }
        return changed
    }

    @Test("gives out what is due in the order of messages, with the device's token", arguments: StoreUnderTest.allCases)
    func order(_ store: StoreUnderTest) throws {
        try store.with { empty in
            var fixture = empty
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            let messages = try (0..<3).map { _ in try fixture.send(app, to: Audience(.alias, ["ann"])) }
            try fixture.store.write { (transaction) throws in
                #expect(try transaction.putIntoOutbox(of: route, app.number, ann.number))
            }
            let all = due(try entries(fixture))
            #expect(all.map(\.message.id) == messages.map(\.id))
            #expect(all.allSatisfy { $0.token == ann.nativeToken && $0.registeredAt == ann.registeredAt })
            #expect(due(try entries(fixture, limit: 1)).map(\.key) == [all[0].key])
            #expect(due(try entries(fixture, after: all[1].key)).map(\.key) == [all[2].key])
            let others = try fixture.store.read {
                try $0.outbox(of: .apns, app.number, after: .zero, limit: 10, at: fixture.clock.now)
            }
            #expect(others.isEmpty)
        }
    }

    @Test("puts the targets that have a lane into its outbox", arguments: StoreUnderTest.allCases)
    func lanes(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            let (ann, ben) = (try fixture.device(app, "ann"), try fixture.device(app, "ben"))
            let request = PushRequest(
                app: app.number, appID: app.id, audience: Audience(.all), content: MessageContent(alert: "hello"),
                timeToLive: 60)
            let message = Message(request, id: MessageID(lowestAt: fixture.clock.now), at: fixture.clock.now)
            var targets = [ann, ben].map { Target(device: $0.number, platform: .android, rule: 0) }
            targets[1].lane = route
            try fixture.store.write { try $0.insert(message, request: request, targets: targets[...]) }
            #expect(due(try entries(fixture)).map(\.device) == [ben.number])
        }
    }

    @Test("tells what is done from what is due", arguments: StoreUnderTest.allCases)
    func done(_ store: StoreUnderTest) throws {
        try store.with { empty in
            var fixture = empty
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            let confirmed = try fixture.send(app, to: Audience(.alias, ["ann"]), confirm: true)
            let expired = try fixture.send(app, to: Audience(.alias, ["ann"]), timeToLive: 1)
            let open = try fixture.send(app, to: Audience(.alias, ["ann"]))
            try fixture.store.write { (transaction) throws in
                #expect(try transaction.putIntoOutbox(of: route, app.number, ann.number))
            }
            var change = DeliveryChange(message: confirmed.id, device: ann.number)
            change.receivedAt = fixture.clock.now
            _ = try fixture.apply(change)
            fixture.clock.advance(by: .seconds(2))
            let found = try entries(fixture)
            #expect(found.map(\.key.message) == [confirmed.id, expired.id, open.id])
            #expect(due(found).map(\.message.id) == [open.id])
            let done = found.prefix(2).map(\.key)
            try fixture.store.write { try $0.removeFromOutbox(of: route, app.number, Array(done)) }
            #expect(try entries(fixture).map(\.key.message) == [open.id])
        }
    }

    @Test("writes a vendor's answer with the state, once", arguments: StoreUnderTest.allCases)
    func settled(_ store: StoreUnderTest) throws {
        try store.with { empty in
            var fixture = empty
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            let message = try fixture.send(app, to: Audience(.alias, ["ann"]))
            try fixture.store.write { (transaction) throws in
                #expect(try transaction.putIntoOutbox(of: route, app.number, ann.number))
            }
            let delivery = try #require(due(try entries(fixture)).first)
            #expect(try settle(fixture, delivery, .accepted))
            #expect(try entries(fixture).isEmpty)
            #expect(try fixture.delivery(message, ann)?.state == .sent)
            #expect(try fixture.delivery(message, ann)?.route == route)
            let trail = try fixture.store.read { try $0.trail(of: message.id, to: ann.number) }
            #expect(
                trail == [TrailEntry(at: fixture.clock.now, code: "vendor.code", route: "vendor", detail: "detail")])
        }
    }

    @Test("buries a dead token, unless the device was registered again since", arguments: StoreUnderTest.allCases)
    func deadTokens(_ store: StoreUnderTest) throws {
        try store.with { empty in
            var fixture = empty
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            for isOld in [true, false] {
                let message = try fixture.send(app, to: Audience(.alias, ["ann"]))
                try fixture.store.write { (transaction) throws in
                    #expect(try transaction.putIntoOutbox(of: route, app.number, ann.number))
                }
                let delivery = try #require(due(try entries(fixture)).first)
                let since = isOld ? ann.registeredAt.adding(seconds: -1) : fixture.clock.now
                #expect(try settle(fixture, delivery, .tokenDead(since: since)))
                #expect(try fixture.delivery(message, ann)?.end == .failed("vendor.code"))
                let isActive = try fixture.store.read { try $0.isActive(ann.number) }
                #expect(isActive == isOld)
            }
            let dead = DeadToken(token: ann.nativeToken, at: fixture.clock.now, reason: "vendor.code", position: 1)
            let found = {
                try fixture.store.read { try $0.deadTokens(of: app.number, route: route, after: 0, limit: 5) }
            }
            #expect(try found() == [dead])
            try fixture.store.write { try $0.removeDeadTokens(of: app.number, route: route, upTo: dead.position) }
            #expect(try found().isEmpty)
        }
    }

    @Test(
        "gives out later what is to be tried again later, unless its device turns up",
        arguments: StoreUnderTest.allCases)
    func later(_ store: StoreUnderTest) throws {
        try store.with { empty in
            var fixture = empty
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            let message = try fixture.send(app, to: Audience(.alias, ["ann"]))
            let strand = { try fixture.store.write { _ = try $0.putIntoOutbox(of: route, app.number, ann.number) } }
            try strand()
            let first = try #require(due(try entries(fixture)).first)
            #expect(first.attempts == 0)
            #expect(try !settle(fixture, first, .later(at: fixture.clock.now.adding(seconds: 10))))
            #expect(try entries(fixture).isEmpty)
            fixture.clock.advance(by: .seconds(10))
            let second = try #require(due(try entries(fixture)).first)
            #expect(second.attempts == 1)
            #expect(try !settle(fixture, second, .later(at: fixture.clock.now.adding(seconds: 60))))
            #expect(try entries(fixture).isEmpty)
            try strand()
            let third = try #require(due(try entries(fixture)).first)
            #expect(try settle(fixture, third, .received))
            #expect(try entries(fixture).isEmpty)
            #expect(try fixture.delivery(message, ann)?.state == .received)
            #expect(try fixture.delivery(message, ann)?.route == route)
        }
    }

    @Test("knows whose token a device has", arguments: StoreUnderTest.allCases)
    func vendor(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            for vendor in [route, nil] {
                let registration = DeviceRegistration(
                    app: app.number, alias: "ann", platform: .web, nativeToken: "token", vendor: vendor)
                var device: Device?
                var targets: [Target] = []
                try fixture.store.write { transaction in
                    device = try transaction.register(registration, newID: "id", at: fixture.clock.now)
                    try transaction.resolve(Audience(.alias, ["ann"]), app: app.number, into: &targets)
                }
                #expect(device?.vendor == vendor)
                #expect(targets.map(\.vendor) == [vendor])
                let number = try #require(device).number
                #expect(try fixture.store.read { try $0.target(number) }?.1.vendor == vendor)
            }
        }
    }

    @Test("tells a vendor where a device is now, if that is not its token", arguments: StoreUnderTest.allCases)
    func address(_ store: StoreUnderTest) throws {
        try store.with { empty in
            var fixture = empty
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            _ = try fixture.send(app, to: Audience(.alias, ["ann"]))
            try fixture.store.write { _ = try $0.putIntoOutbox(of: route, app.number, ann.number) }
            for address in ["ann@example.org/phone", nil] {
                try fixture.store.write { try $0.setAddress(address, of: ann.number) }
                #expect(due(try entries(fixture)).map(\.token) == [address ?? ann.nativeToken])
            }
            let found = { token in try fixture.store.read { try $0.device(withToken: token, of: app.number) } }
            #expect(try found(ann.nativeToken)?.id == ann.id)
            #expect(try found("other") == nil)
            try fixture.store.write { _ = try $0.deactivate(deviceID: ann.id, at: fixture.clock.now) }
            #expect(try found(ann.nativeToken) == nil)
        }
    }

    @Test(
        "keeps a vendor's job with the first answer, and how it stands until that is final",
        arguments: StoreUnderTest.allCases)
    func tasks(_ store: StoreUnderTest) throws {
        try store.with { empty in
            var fixture = empty
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            let message = try fixture.send(app, to: Audience(.alias, ["ann"]))
            try fixture.store.write { _ = try $0.putIntoOutbox(of: route, app.number, ann.number) }
            let delivery = try #require(due(try entries(fixture)).first)
            let status = VendorTaskStatus(
                result: "SUCCESS", status: "0", response: "{}", at: fixture.clock.now, isFinal: false)
            var task = VendorTask(
                message: message.id, app: app.number, route: route, platform: .ios, id: "us1", status: status)
            let outcome = VendorOutcome(.accepted, code: "vendor.accepted", detail: "", task: task)
            let settlement = VendorSettlement(delivery, route: route, outcome: outcome, at: fixture.clock.now)
            try fixture.store.write { _ = try $0.settle(settlement) }
            func open() throws -> [VendorTask] {
                let later = fixture.clock.now.adding(milliseconds: 1)
                return try fixture.store.read { try $0.openTasks(of: route, after: nil, before: later, limit: 5) }
            }
            #expect(try open() == [task])
            task.status.status = "2"
            task.status.isFinal = true
            let final = task
            try fixture.store.write { try $0.putTask(final) }
            #expect(try open().isEmpty)
            #expect(try fixture.store.read { try $0.tasks(of: message.id) } == [task])
        }
    }

    @Test(
        "answers a vendor's jobs page by page, the least recently looked at first", arguments: StoreUnderTest.allCases)
    func taskPages(_ store: StoreUnderTest) throws {
        try store.with { empty in
            var fixture = empty
            let app = try fixture.app()
            _ = try fixture.device(app, "ann")
            let message = try fixture.send(app, to: Audience(.alias, ["ann"]))
            let start = fixture.clock.now
            func put(_ id: String, _ platform: Platform = .ios, of route: Route = route, secondsAgo: Int64) throws {
                let status = VendorTaskStatus(
                    result: "", status: "", response: "", at: start.adding(seconds: -secondsAgo), isFinal: false)
                let task = VendorTask(
                    message: message.id, app: app.number, route: route, platform: platform, id: id, status: status)
                try fixture.store.write { try $0.putTask(task) }
            }
            for (id, seconds) in [("c", 3), ("now", 0), ("b", 7), ("a", 7)] as [(String, Int64)] {
                try put(id, secondsAgo: seconds)
            }
            try put("a", .android, secondsAgo: 7)
            try put("x", of: Route(rawValue: "other"), secondsAgo: 9)
            var found: [VendorTask] = []
            repeat {
                let after = found.last
                let page = try fixture.store.read {
                    try $0.openTasks(of: route, after: after, before: start, limit: 1)
                }
                if page.isEmpty { break }
                found += page
            } while found.count < 10
            #expect(found.map(\.id) == ["a", "a", "b", "c"])
            #expect(found.map(\.platform) == [.android, .ios, .ios, .ios])
        }
    }

    @Test("what only waits for its turn does not count as tried", arguments: StoreUnderTest.allCases)
    func waiting(_ store: StoreUnderTest) throws {
        try store.with { empty in
            var fixture = empty
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            let message = try fixture.send(app, to: Audience(.alias, ["ann"]))
            try fixture.store.write { _ = try $0.putIntoOutbox(of: route, app.number, ann.number) }
            let delivery = try #require(due(try entries(fixture)).first)
            let outcome = VendorOutcome(
                .later(at: fixture.clock.now.adding(seconds: 10)), code: "vendor.held_up", detail: "", isAttempt: false)
            let settlement = VendorSettlement(delivery, route: route, outcome: outcome, at: fixture.clock.now)
            try fixture.store.write { _ = try $0.settle(settlement) }
            #expect(try entries(fixture).isEmpty)
            fixture.clock.advance(by: .seconds(10))
            #expect(try due(entries(fixture)).map(\.attempts) == [0])
            #expect(try fixture.store.read { try $0.trail(of: message.id, to: ann.number) }.isEmpty)
        }
    }
}
