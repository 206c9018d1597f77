import ApusCore
import ApusTestKit
import NIOCore
import Testing

/// Does anything to deliveries, at random, and knows what the journal has to say then.
struct JournalPlay {
    private var fixture: StoreFixture
    private var random: SeededGenerator
    private let app: App
    private let route = Route(rawValue: "vendor")
    private var messages: [Message] = []
    private let devices: [Device]
    private var endpointCount = 0

    init(_ fixture: StoreFixture, seed: UInt64) throws {
        self.fixture = fixture
        random = SeededGenerator(seed: seed)
        let app = try fixture.app()
        self.app = app
        devices = try fixture.devices(app, 80)
    }

    private var now: Timestamp { fixture.clock.now }

    mutating func act() throws {
        fixture.clock.advance(by: .milliseconds(Int64.random(in: 0...2000, using: &random)))
        let device = devices.randomElement(using: &random)!
        let earlier = messages.randomElement(using: &random)
        let now = now
        switch (Int.random(in: 0...13, using: &random), earlier) {
        case (0, _), (1, _), (_, nil): try send(to: device)
        case (2, let message?), (3, let message?): try change(message, device)
        case (4, let message?):
            let group = SentGroup(
                message: message.id, route: .webSocket, at: now,
                devices: devices.shuffled(using: &random).prefix(70).map(\.number))
            try fixture.store.write { _ = try $0.apply(group) }
        case (5, let message?): try settle(message, device)
        case (6, let message?): try fixture.store.write { _ = try $0.cancel(message.id, at: now) }
        case (7, _):
            let alias = "d\(Int.random(in: 0...90, using: &random))"
            try fixture.store.write { try $0.setAlias(alias, of: device.number, at: now) }
        case (8, _): _ = try fixture.device(app, "e\(Int.random(in: 0...9, using: &random))", token: device.nativeToken)
        case (9, _):
            try fixture.store.write { _ = try $0.expire(at: now, limit: 3) }
        case (10, _): try schedule()
        case (11, _): try fixture.store.write { _ = try $0.removeDevice(id: device.id, at: now) }
        default: try post(to: device)
        }
    }

    private mutating func send(to device: Device) throws {
        let audience = Bool.random(using: &random) ? Audience(.all) : Audience(.device, [device.id])
        let timeToLive = Int64.random(in: 1...60, using: &random)
        messages.append(
            try fixture.send(app, to: audience, confirm: Bool.random(using: &random), timeToLive: timeToLive))
    }

    /// A message for everybody that waits for its time, which comes at once.
    private mutating func schedule() throws {
        let request = PushRequest(
            app: app.number, appID: app.id, audience: Audience(.all), content: MessageContent(alert: ""),
            needsConfirmation: true, timeToLive: 60)
        let message = Message(
            id: fixture.nextID(), app: app.number, appID: app.id, tenant: "", content: request.content,
            needsConfirmation: true, expiresAt: now.adding(seconds: 60), sendAt: now.adding(milliseconds: 5))
        try fixture.store.write { try $0.insert(message, request: request, targets: []) }
        try fixture.store.write { transaction in
            var targets: [Target] = []
            try transaction.resolve(Audience(.all), app: app.number, into: &targets)
            try transaction.release(message, to: targets[...])
        }
        messages.append(message)
    }

    private mutating func change(_ message: Message, _ device: Device) throws {
        var change = DeliveryChange(message: message.id, device: device.number)
        if Bool.random(using: &random) { (change.sentAt, change.route) = (now, .xmpp) }
        if Bool.random(using: &random) { change.receivedAt = now.adding(milliseconds: 1) }
        if Int.random(in: 0...3, using: &random) == 0 { change.readAt = now.adding(milliseconds: 2) }
        if Int.random(in: 0...3, using: &random) == 0 { change.acknowledgedAt = now.adding(milliseconds: 3) }
        if Int.random(in: 0...5, using: &random) == 0 {
            let ends = [DeliveryEnd.cancelled, .expired, .failed("a"), .failed("b")]
            (change.end, change.endedAt) = (ends.randomElement(using: &random), now.adding(milliseconds: 4))
        }
        _ = try fixture.apply(change)
    }

    private mutating func settle(_ message: Message, _ device: Device) throws {
        let results: [VendorOutcome.Result] = [
            .accepted, .received, .refused, .unknown, .tokenDead(since: nil), .putOff, .later(at: now),
        ]
        let delivery = VendorDelivery(
            message: message, device: device.number, platform: device.platform, token: device.nativeToken,
            registeredAt: device.registeredAt)
        let outcome = VendorOutcome(results.randomElement(using: &random)!, code: "vendor.code", detail: "")
        let settlement = VendorSettlement(delivery, route: route, outcome: outcome, at: now)
        try fixture.store.write { _ = try $0.settle(settlement) }
    }

    /// Posts to an endpoint of the device, after which the endpoint may end or a topic be replaced.
    private mutating func post(to device: Device) throws {
        let now = now
        endpointCount += 1
        let name = "endpoint"
        let registration = EndpointRegistration(
            device: device.number, name: name, senderKey: nil, takesTextOnly: false, needsConfirmation: true,
            address: nil, expiresAt: nil)
        let id = Array("\(endpointCount)".utf8)
        var endpoint: Endpoint?
        try fixture.store.write { endpoint = try? $0.registerEndpoint(registration, newID: id, at: now) }
        guard let endpoint else { return }
        let push = EndpointPush(endpoint: endpoint.number, registration: name, data: [1])
        let request = PushRequest(
            app: app.number, appID: app.id, audience: Audience(.device, [device.id]),
            content: MessageContent(alert: "", collapseKey: "topic", push: push), needsConfirmation: true,
            timeToLive: 60)
        let message = Message(request, id: fixture.nextID(), at: now)
        try fixture.store.write { transaction in
            try transaction.replaceUndelivered(by: message, for: [endpoint.target], at: now)
            try transaction.insert(message, request: request, targets: [endpoint.target])
        }
        messages.append(message)
        if Bool.random(using: &random) {
            try fixture.store.write { _ = try $0.removeEndpoint(name, of: device.number, at: now) }
        }
    }

    /// Compares how the store says that deliveries stand with how each of them does.
    func checkCounts() throws {
        for message in messages { try fixture.expectCounts(of: message) }
    }

    /// Compares what was told with where the deliveries are.
    func check(_ told: [StateEvent]) throws {
        var byDelivery: [DeliveryKey: [StateEvent]] = [:]
        for event in told {
            guard let device = event.device else { continue }
            byDelivery[DeliveryKey(message: event.message, device: device), default: []].append(event)
        }
        for message in messages {
            let records = try fixture.store.read {
                try $0.deliveries(of: message.id, after: nil, limit: 1000)
            }
            let accepted = told.filter { $0.message == message.id && $0.kind == .accepted }
            #expect(accepted.map { $0.accepted?.deliveries } == [message.sendAt == nil ? records.count : 0])
            for record in records {
                let new = Delivery(needsConfirmation: record.delivery.needsConfirmation)
                let key = DeliveryKey(message: message.id, device: record.device)
                let expected =
                    [StateEvent(.unsent, message.id, record.device, at: message.sentFrom)]
                    + record.delivery.events(since: new, of: message.id, to: record.device)
                let events = byDelivery.removeValue(forKey: key) ?? []
                #expect(events.map(\.kind) == expected.map(\.kind))
                #expect(events.map(\.at) == expected.map(\.at))
                #expect(events.map(\.reason) == expected.map(\.reason))
            }
        }
        #expect(byDelivery.isEmpty, "nothing is told of what is not there")
    }
}
