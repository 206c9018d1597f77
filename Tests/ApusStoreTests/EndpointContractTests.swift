import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("MessageStore, endpoints")
struct EndpointContractTests {
    private let firstID = [UInt8](repeating: 1, count: 16)

    private func register(
        _ fixture: StoreFixture, _ registration: EndpointRegistration, id: [UInt8]
    ) throws -> Endpoint {
        var endpoint: Endpoint?
        try fixture.store.write {
            endpoint = try $0.registerEndpoint(registration, newID: id, at: fixture.clock.now)
        }
        return try #require(endpoint)
    }

    private func post(
        _ fixture: StoreFixture, to endpoint: Endpoint, number: Int64, topic: String? = nil
    ) throws -> Message {
        let push = EndpointPush(
            endpoint: endpoint.number, registration: endpoint.registration.name, data: [0, 255])
        let request = PushRequest(
            app: endpoint.app, appID: endpoint.appID, audience: Audience(.device, [endpoint.deviceID]),
            content: MessageContent(alert: "", urgency: .high, collapseKey: topic, push: push), needsConfirmation: true,
            timeToLive: 60)
        let id = MessageID(MessageID(lowestAt: fixture.clock.now).rawValue + number)
        let message = Message(request, id: id, at: fixture.clock.now)
        try fixture.store.write {
            try $0.insert(message, request: request, targets: [endpoint.target])
            try $0.replaceUndelivered(by: message, for: [endpoint.target], at: fixture.clock.now)
        }
        return message
    }

    @Test("keeps an endpoint's id when the device registers the same again", arguments: StoreUnderTest.allCases)
    func stable(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            let ann = try fixture.device(app, "ann")
            var registration = EndpointRegistration(
                device: ann.number, name: "mail", expiresAt: fixture.clock.now.adding(seconds: 10))
            let first = try register(fixture, registration, id: firstID)
            registration.senderKey = [4, 2]
            registration.takesTextOnly = true
            registration.expiresAt = nil
            let second = try register(fixture, registration, id: [2])
            #expect(second.id == firstID && second.number == first.number)
            #expect(second.registration == registration)
            let found = try fixture.store.read { try $0.endpoint(firstID) }
            #expect(found == second)
            #expect(found?.isActive == true && found?.app == app.number && found?.deviceID == ann.id)
            let other = try register(fixture, EndpointRegistration(device: ann.number, name: "chat"), id: [3])
            #expect(try fixture.store.read { try $0.endpoints(of: ann.number) } == [second, other])
            #expect(try fixture.store.read { try $0.endpoint([9]) } == nil)
        }
    }

    @Test(
        "registers nothing for a device that is not registered, whose endpoints are gone for ever",
        arguments: StoreUnderTest.allCases)
    func inactive(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let ann = try fixture.device(try fixture.app(), "ann")
            let registration = EndpointRegistration(device: ann.number, name: "mail")
            _ = try register(fixture, registration, id: firstID)
            try fixture.store.write { _ = try $0.deactivate(deviceID: ann.id, at: fixture.clock.now) }
            #expect(try fixture.store.read { try $0.endpoint(firstID) } == nil)
            #expect(throws: ApusError.unknownDevice) { _ = try register(fixture, registration, id: [2]) }
            // Who has the token next does not get what is posted to the one before.
            _ = try fixture.device(
                try #require(fixture.store.read { try $0.apps() }.first), "ben", token: ann.nativeToken)
            #expect(try fixture.store.read { try $0.endpoint(firstID) } == nil)
            let again = try register(fixture, registration, id: [2])
            _ = try fixture.device(
                try #require(fixture.store.read { try $0.apps() }.first), "eve", token: ann.nativeToken)
            #expect(try fixture.store.read { try $0.endpoint(again.id) } == nil)
        }
    }

    @Test("gives back what was posted, byte for byte", arguments: StoreUnderTest.allCases)
    func content(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let ann = try fixture.device(try fixture.app(), "ann")
            let endpoint = try register(
                fixture, EndpointRegistration(device: ann.number, name: "mail"), id: firstID)
            let message = try post(fixture, to: endpoint, number: 1, topic: "news")
            let pending = try fixture.store.read {
                try $0.pending(for: ann.number, after: .zero, limit: 5, at: fixture.clock.now)
            }
            #expect(pending.map(\.message.content) == [message.content])
        }
    }

    @Test(
        "fails what is undelivered when an endpoint is unregistered, and nothing else",
        arguments: StoreUnderTest.allCases)
    func unregister(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let ann = try fixture.device(try fixture.app(), "ann")
            let mail = try register(fixture, EndpointRegistration(device: ann.number, name: "mail"), id: firstID)
            let chat = try register(fixture, EndpointRegistration(device: ann.number, name: "chat"), id: [2])
            let (lost, kept) = (try post(fixture, to: mail, number: 1), try post(fixture, to: chat, number: 2))
            var answers: [Bool] = []
            try fixture.store.write { transaction in
                for name in ["mail", "mail", "other"] {
                    answers.append(try transaction.removeEndpoint(name, of: ann.number, at: fixture.clock.now))
                }
            }
            #expect(answers == [true, false, false])
            #expect(try fixture.delivery(lost, ann)?.end == .failed("endpoint.unregistered"))
            #expect(try fixture.delivery(kept, ann)?.isOpen == true)
            #expect(try fixture.store.read { try $0.endpoints(of: ann.number) } == [chat])
        }
    }

    @Test("removes what expired, and only that", arguments: StoreUnderTest.allCases)
    func expiry(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let ann = try fixture.device(try fixture.app(), "ann")
            for (name, seconds) in [("a", 10), ("b", 20), ("c", nil)] as [(String, Int64?)] {
                let registration = EndpointRegistration(
                    device: ann.number, name: name, expiresAt: seconds.map { fixture.clock.now.adding(seconds: $0) })
                _ = try register(fixture, registration, id: Array(name.utf8))
            }
            fixture.clock.advance(by: .seconds(10))
            try fixture.store.write { try $0.removeExpiredEndpoints(at: fixture.clock.now, limit: 10) }
            let left = try fixture.store.read { try $0.endpoints(of: ann.number) }
            #expect(left.map(\.registration.name) == ["b", "c"])
        }
    }

    @Test("a later push of a topic takes the place of an undelivered one", arguments: StoreUnderTest.allCases)
    func topics(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let ann = try fixture.device(try fixture.app(), "ann")
            let mail = try register(fixture, EndpointRegistration(device: ann.number, name: "mail"), id: firstID)
            let chat = try register(fixture, EndpointRegistration(device: ann.number, name: "chat"), id: [2])
            let old = try post(fixture, to: mail, number: 1, topic: "news")
            let others = [
                try post(fixture, to: mail, number: 2, topic: "sport"), try post(fixture, to: mail, number: 3),
                try post(fixture, to: chat, number: 4, topic: "news"),
            ]
            let new = try post(fixture, to: mail, number: 5, topic: "news")
            #expect(try fixture.delivery(old, ann)?.end == .cancelled)
            #expect(try fixture.store.read { try $0.trail(of: old.id, to: ann.number) }.map(\.code) == ["replaced"])
            for message in others { #expect(try fixture.delivery(message, ann)?.isOpen == true) }
            // What arrived is not taken back.
            var change = DeliveryChange(message: new.id, device: ann.number)
            change.receivedAt = fixture.clock.now
            #expect(try fixture.apply(change))
            _ = try post(fixture, to: mail, number: 6, topic: "news")
            #expect(try fixture.delivery(new, ann)?.state == .received)
            #expect(try fixture.delivery(new, ann)?.end == nil)
        }
    }

    @Test("cancels what is undelivered of a message", arguments: StoreUnderTest.allCases)
    func cancel(_ store: StoreUnderTest) throws {
        try store.with { empty in
            var fixture = empty
            let app = try fixture.app()
            let (ann, ben) = (try fixture.device(app, "ann"), try fixture.device(app, "ben"))
            let message = try fixture.send(app, to: Audience(.all), confirm: true)
            var change = DeliveryChange(message: message.id, device: ann.number)
            change.receivedAt = fixture.clock.now
            _ = try fixture.apply(change)
            var counts: [Int] = []
            try fixture.store.write { transaction in
                for _ in 0..<2 { counts.append(try transaction.cancel(message.id, at: fixture.clock.now)) }
            }
            #expect(counts == [1, 0])
            #expect(try fixture.delivery(message, ben)?.end == .cancelled)
            #expect(try fixture.delivery(message, ann)?.state == .received)
        }
    }
}
