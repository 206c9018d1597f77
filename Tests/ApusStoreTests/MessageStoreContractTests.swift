import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("Every store")
struct MessageStoreContractTests {
    // MARK: Apps and devices

    @Test("keeps an app and refuses a second one with its id", arguments: StoreUnderTest.allCases)
    func apps(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let app = try fixture.app("one")
            try fixture.store.write { (transaction) throws in
                #expect(
                    try transaction.insertApp(
                        id: "one", name: "again", keyHash: SecretHash(of: "x"), at: fixture.clock.now) == nil)
            }
            #expect(try fixture.store.read { try $0.apps() } == [app])
            #expect(app.keyHash.matches("key-one"))
            try fixture.store.write { (transaction) throws in
                let until = fixture.clock.now.adding(seconds: 60)
                let changed = try transaction.replaceKey(
                    ofApp: "one", with: SecretHash(of: "new"), keepingOldUntil: until)
                #expect(changed?.keyHash.matches("new") == true)
                #expect(changed?.oldKey == App.OldKey(hash: SecretHash(of: "key-one"), until: until))
                #expect(try transaction.apps().first == changed)
                let again = try transaction.replaceKey(
                    ofApp: "one", with: SecretHash(of: "newer"), keepingOldUntil: nil)
                #expect(again?.keyHash.matches("newer") == true && again?.oldKey == nil)
                #expect(
                    try transaction.replaceKey(ofApp: "none", with: SecretHash(of: "new"), keepingOldUntil: nil) == nil)
            }
        }
    }

    @Test("registers a device again under the same id, with what is new of it", arguments: StoreUnderTest.allCases)
    func registerAgain(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let app = try fixture.app()
            let first = try fixture.device(app, "ann", token: "t", tags: ["a", "b"])
            try fixture.store.write { _ = try $0.deactivate(deviceID: first.id, at: fixture.clock.now) }
            #expect(try fixture.store.read { try $0.device(id: first.id) }?.isActive == false)
            let second = try fixture.device(app, "ben", token: "t", platform: .ios, tags: ["c"])
            #expect(second.id == first.id)
            #expect(second.number == first.number)
            #expect(second.alias == "ben" && second.platform == .ios && second.tags == ["c"] && second.isActive)
            #expect(try fixture.store.read { try $0.device(id: first.id) } == second)
            let other = try fixture.device(app, "ann", token: "t", tenant: "acme")
            #expect(other.id != first.id, "another tenant's device is another device")
        }
    }

    @Test("lists devices by app and alias, page by page", arguments: StoreUnderTest.allCases)
    func listDevices(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let (one, two) = (try fixture.app("one"), try fixture.app("two"))
            let ann = try fixture.device(one, "ann", token: "1")
            let ben = try fixture.device(one, "ben", token: "2")
            let alsoAnn = try fixture.device(two, "ann", token: "3")
            let list = { (filter: DeviceFilter, after: DeviceNumber?, limit: Int) in
                try fixture.store.read { try $0.devices(filter, after: after, limit: limit) }.map(\.id)
            }
            #expect(try list(DeviceFilter(), nil, 10) == [ann.id, ben.id, alsoAnn.id])
            #expect(try list(DeviceFilter(), nil, 2) == [ann.id, ben.id])
            #expect(try list(DeviceFilter(), ben.number, 2) == [alsoAnn.id])
            #expect(try list(DeviceFilter(appID: "one"), nil, 10) == [ann.id, ben.id])
            #expect(try list(DeviceFilter(appID: "two", alias: "ann"), nil, 10) == [alsoAnn.id])
        }
    }

    // MARK: Audiences

    @Test("resolves aliases, tags, devices and everyone, each device once", arguments: StoreUnderTest.allCases)
    func audiences(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let (app, other) = (try fixture.app("one"), try fixture.app("two"))
            let ann = try fixture.device(app, "ann", token: "1", tags: ["x", "y"])
            let annPhone = try fixture.device(app, "ann", token: "2", platform: .ios, tags: ["y"])
            let ben = try fixture.device(app, "ben", token: "3", platform: .web)
            let gone = try fixture.device(app, "ann", token: "4", tags: ["x"])
            try fixture.store.write { _ = try $0.deactivate(deviceID: gone.id, at: fixture.clock.now) }
            _ = try fixture.device(other, "ann", token: "5", tags: ["x"])
            let resolve = { (audience: Audience) -> [DeviceNumber] in
                var targets: [Target] = []
                try fixture.store.write { try $0.resolve(audience, app: app.number, into: &targets) }
                return targets.map(\.device)
            }
            #expect(try resolve(Audience(.alias, ["ann"])) == [ann.number, annPhone.number])
            #expect(try resolve(Audience(.alias, ["ben", "ann", "nobody"])) == [ann, annPhone, ben].map(\.number))
            #expect(try resolve(Audience(.alias, ["ann"], platform: .ios)) == [annPhone.number])
            #expect(try resolve(Audience(.tag, ["x", "y"])) == [ann.number, annPhone.number])
            #expect(try resolve(Audience(.tag, ["x"])) == [ann.number])
            #expect(try resolve(Audience(.device, [ben.id, gone.id])) == [ben.number])
            #expect(try resolve(Audience(.all)) == [ann, annPhone, ben].map(\.number))
            #expect(try resolve(Audience(.all, platform: .web)) == [ben.number])
        }
    }

    @Test("keeps tenants apart", arguments: StoreUnderTest.allCases)
    func tenants(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let app = try fixture.app()
            let none = try fixture.device(app, "ann", token: "0")
            let acme = try fixture.device(app, "ann", token: "1", tenant: "acme", tags: ["t"])
            let zeta = try fixture.device(app, "ann", token: "2", tenant: "zeta", tags: ["t"])
            let resolve = { (audience: Audience) -> [DeviceNumber] in
                var targets: [Target] = []
                try fixture.store.write { try $0.resolve(audience, app: app.number, into: &targets) }
                return targets.map(\.device)
            }
            #expect(try resolve(Audience(.alias, ["ann"])) == [none.number])
            #expect(try resolve(Audience(.alias, ["ann"], tenant: "acme")) == [none.number, acme.number])
            #expect(try resolve(Audience(.tag, ["t"], tenant: "zeta")) == [zeta.number])
            #expect(try resolve(Audience(.device, [acme.id, zeta.id], tenant: "acme")) == [acme.number])
            #expect(try resolve(Audience(.all, tenant: "acme")) == [none.number, acme.number])
            #expect(try resolve(Audience(.all)) == [none.number])
        }
    }

    // MARK: Deliveries

    @Test("gives a device what is pending for it, oldest first, page by page", arguments: StoreUnderTest.allCases)
    func pending(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let (ann, ben) = (try fixture.device(app, "ann"), try fixture.device(app, "ben"))
            var sent: [MessageID] = []
            for number in 0..<5 {
                sent.append(try fixture.send(app, to: Audience(.alias, ["ann"]), alert: "\(number)").id)
            }
            #expect(sent == sent.sorted() && Set(sent).count == 5)
            #expect(try fixture.pending(ann) == sent)
            #expect(try fixture.pending(ann, limit: 2) == Array(sent[0..<2]))
            #expect(try fixture.pending(ann, after: sent[1], limit: 2) == Array(sent[2..<4]))
            #expect(try fixture.pending(ben).isEmpty)
            #expect(try fixture.store.read { try $0.lastMessage() } == sent[4])
        }
    }

    @Test("keeps every field of a message", arguments: StoreUnderTest.allCases)
    func fields(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann", tenant: "acme")
            let content = MessageContent(
                kind: .command, alert: "Grüße \u{1F426} \"quoted\"", extra: "{\"a\":[1,null]}", sound: "default",
                badge: 7,
                listenFlag: "NOTF", sender: "ben", senderDevice: "PC", smsMessage: "sms")
            let audience = Audience(.alias, ["ann", "b\"\\\u{7}ü"], platform: .android, tenant: "acme")
            let request = PushRequest(
                app: app.number, appID: app.id, audience: audience, content: content, needsConfirmation: true,
                timeToLive: 60)
            let message = Message(
                id: MessageID(lowestAt: fixture.clock.now), app: app.number, appID: app.id, tenant: "acme",
                content: content, needsConfirmation: true, expiresAt: fixture.clock.now.adding(seconds: 60))
            try fixture.store.write { (transaction) throws in
                var targets: [Target] = []
                try transaction.resolve(audience, app: app.number, into: &targets)
                try transaction.insert(message, request: request, targets: targets[...])
            }
            let record = try #require(try fixture.store.read { try $0.message(message.id) })
            #expect(record.audience == audience)
            let read = try #require(
                try fixture.store.read {
                    try $0.pending(for: ann.number, after: .zero, limit: 1, at: fixture.clock.now)
                }.first)
            for copy in [record.message, read.message] {
                #expect(copy.content == content)
                #expect(copy.id == message.id && copy.app == app.number && copy.appID == app.id)
                #expect(copy.tenant == "acme" && copy.needsConfirmation && copy.expiresAt == message.expiresAt)
            }
            #expect(try fixture.store.read { try $0.message(MessageID(1)) } == nil)
        }
    }

    @Test("does not give out what has expired, and then ends it", arguments: StoreUnderTest.allCases)
    func expiry(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            let short = try fixture.send(app, to: Audience(.all), timeToLive: 10)
            let confirmed = try fixture.send(app, to: Audience(.all), confirm: true, timeToLive: 10)
            let long = try fixture.send(app, to: Audience(.all), timeToLive: 100)
            var change = DeliveryChange(message: confirmed.id, device: ann.number)
            change.receivedAt = fixture.clock.now
            #expect(try fixture.apply(change))
            fixture.clock.advance(by: .seconds(10))
            #expect(try fixture.pending(ann) == [long.id])
            try fixture.store.write { (transaction) throws in
                let result = try transaction.expire(at: fixture.clock.now, limit: 100)
                #expect(result.ended == 1)
                #expect(try transaction.expire(at: fixture.clock.now, limit: 100).ended == 0)
            }
            #expect(try fixture.delivery(short, ann)?.end == .expired)
            #expect(try fixture.delivery(confirmed, ann)?.state == .received)
            #expect(try fixture.delivery(confirmed, ann)?.end == nil)
            #expect(try fixture.delivery(long, ann)?.isOpen == true)
        }
    }

    @Test("lists deliveries in pages, with counts that match", arguments: StoreUnderTest.allCases)
    func records(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let devices = try (0..<5).map { try fixture.device(app, "user\($0)") }
            let message = try fixture.send(app, to: Audience(.alias, ["user3", "user1", "user0"]))
            let page = { (after: DeviceNumber?) in
                try fixture.store.read { try $0.deliveries(of: message.id, after: after, limit: 2) }
            }
            #expect(try page(nil).map(\.alias) == ["user0", "user1"])
            #expect(try page(nil).map(\.rule) == [2, 1])
            #expect(try page(devices[1].number).map(\.deviceID) == [devices[3].id])
            let counts = try fixture.store.read { try $0.counts(of: message.id) }
            #expect(counts.unsent == 3 && counts.total == 3)
            #expect(try fixture.delivery(message, devices[4]) == nil)
        }
    }

    @Test("ends what is open of a device that another alias takes over", arguments: StoreUnderTest.allCases)
    func reassigned(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let device = try fixture.device(app, "ann", token: "t")
            let message = try fixture.send(app, to: Audience(.alias, ["ann"]))
            _ = try fixture.device(app, "ann", token: "t")
            #expect(try fixture.pending(device) == [message.id])
            _ = try fixture.device(app, "ben", token: "t")
            #expect(try fixture.pending(device).isEmpty)
            #expect(try fixture.delivery(message, device)?.end == .failed("device.reassigned"))
        }
    }

    // MARK: The state machine

    @Test("takes a change for the right device only", arguments: StoreUnderTest.allCases)
    func foreignChange(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let (ann, ben) = (try fixture.device(app, "ann"), try fixture.device(app, "ben"))
            let message = try fixture.send(app, to: Audience(.alias, ["ann"]), confirm: true)
            var change = DeliveryChange(message: message.id, device: ben.number)
            change.receivedAt = fixture.clock.now
            #expect(try fixture.apply(change) == false)
            #expect(try fixture.delivery(message, ann)?.state == .unsent)
            #expect(try fixture.store.read { try $0.counts(of: message.id) }.total == 1)
        }
    }

    @Test("moves deliveries exactly as the state machine does, in random histories", arguments: StoreUnderTest.allCases)
    func randomHistories(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            var random = SeededGenerator(seed: 7)
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            for _ in 0..<60 {
                let confirm = Bool.random(using: &random)
                let message = try fixture.send(app, to: Audience(.all), confirm: confirm)
                var model = Delivery(needsConfirmation: confirm)
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    fixture.clock.advance(by: .milliseconds(5))
                    let change = randomChange(message.id, ann.number, at: fixture.clock.now, &random)
                    var changed = false
                    for (event, time) in change.events where model.apply(event, at: time) { changed = true }
                    #expect(try fixture.apply(change) == changed)
                    #expect(try fixture.delivery(message, ann) == model)
                    #expect(try fixture.pending(ann).contains(message.id) == model.isOpen)
                    #expect(try fixture.store.read { try $0.counts(of: message.id) }.total == 1)
                }
                let resent = max(0, model.attempts - 1)
                #expect(try fixture.store.read { try $0.trail(of: message.id, to: ann.number) }.count == resent)
            }
        }
    }

    @Test("records a message sent to many devices at once as it would for each", arguments: StoreUnderTest.allCases)
    func sentGroup(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let devices = try (0..<200).map { try fixture.device(app, "user\($0)") }
            let message = try fixture.send(app, to: Audience(.all))
            #expect(try fixture.apply(.sent(message.id, devices[70].number, .webSocket, at: fixture.clock.now)))
            _ = try fixture.apply(.ended(message.id, devices[140].number, .cancelled, at: fixture.clock.now))
            fixture.clock.advance(by: .seconds(1))
            let group = SentGroup(
                message: message.id, route: .webSocket, at: fixture.clock.now, devices: devices.dropLast().map(\.number)
            )
            try fixture.store.write { (transaction) throws in
                #expect(try transaction.apply(group) == 198)
            }
            #expect(try fixture.delivery(message, devices[0])?.sentAt == fixture.clock.now)
            #expect(try fixture.delivery(message, devices[0])?.isOpen == false)
            #expect(try fixture.delivery(message, devices[70])?.attempts == 2)
            #expect(try fixture.delivery(message, devices[70])?.sentAt != fixture.clock.now)
            #expect(try fixture.delivery(message, devices[140])?.end == .cancelled)
            #expect(try fixture.delivery(message, devices[199])?.state == .unsent)
            #expect(try fixture.store.read { try $0.counts(of: message.id) }.sent == 198)
            #expect(try fixture.pending(devices[0]).isEmpty)
        }
    }

    @Test("keeps a trail of at most 20 attempts, with the latest", arguments: StoreUnderTest.allCases)
    func longTrail(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            let message = try fixture.send(app, to: Audience(.all), confirm: true)
            for _ in 0..<40 {
                fixture.clock.advance(by: .seconds(1))
                #expect(try fixture.apply(.sent(message.id, ann.number, .webSocket, at: fixture.clock.now)))
            }
            let trail = try fixture.store.read { try $0.trail(of: message.id, to: ann.number) }
            #expect(trail.count == 20 && trail.last?.at == fixture.clock.now)
            #expect(try fixture.delivery(message, ann)?.attempts == 40)
        }
    }

    private func randomChange(
        _ message: MessageID, _ device: DeviceNumber, at time: Timestamp, _ random: inout SeededGenerator
    ) -> DeliveryChange {
        var change = DeliveryChange(message: message, device: device)
        if Bool.random(using: &random) {
            change.sentAt = time
            change.route = .webSocket
        }
        if Int.random(in: 0..<3, using: &random) == 0 { change.receivedAt = time.adding(milliseconds: 1) }
        if Int.random(in: 0..<4, using: &random) == 0 { change.readAt = time.adding(milliseconds: 2) }
        let ends: [DeliveryEnd] = [.expired, .cancelled, .failed("vendor.gone")]
        if Int.random(in: 0..<6, using: &random) == 0 {
            change.end = ends.randomElement(using: &random)
            change.endedAt = time.adding(milliseconds: 3)
        }
        return change
    }
}
