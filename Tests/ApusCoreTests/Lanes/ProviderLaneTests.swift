import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("ProviderLane")
struct ProviderLaneTests {
    @Test("brings what is for a device without a connection to the provider that serves it")
    func offline() async throws {
        let provider = RecordingProvider()
        try await DispatcherFixture.with(providers: [provider]) { fixture in
            let (ann, ben) = (try fixture.device("ann"), try fixture.device("ben"))
            let device = try await fixture.connect(ben)
            try await fixture.settle()
            let message = try await fixture.send("ann").message
            _ = try await fixture.send("ben")
            try await fixture.settle()
            #expect(provider.submitted == [DeliveryKey(message: message, device: ann.number)])
            #expect(provider.tokens == ["token-ann"])
            #expect(try await device.messages.count == 1)
            #expect(try fixture.state(message, ann)?.state == .unsent, "nobody has said yet that it was sent")
            provider.answer(.accepted, code: "vendor.accepted")
            try await fixture.settle()
            let delivery = try #require(try fixture.state(message, ann))
            #expect(delivery.state == .sent)
            #expect(delivery.route == provider.route)
            let trail = try fixture.store.read { try $0.trail(of: message, to: ann.number) }
            #expect(trail.map(\.code) == ["vendor.accepted"])
            #expect(trail.first?.detail == "an answer")
        }
    }

    @Test("keeps in the store what the provider has no room for, and brings it later")
    func room() async throws {
        let provider = RecordingProvider(room: 2)
        try await DispatcherFixture.with(providers: [provider]) { fixture in
            let ann = try fixture.device("ann")
            var messages: [MessageID] = []
            for _ in 0..<5 { messages.append(try await fixture.send("ann").message) }
            try await fixture.settle()
            #expect(provider.submitted.map(\.message) == Array(messages.prefix(2)))
            for _ in 0..<3 {
                provider.answer(.accepted)
                try await fixture.settle()
            }
            #expect(provider.submitted.map(\.message) == messages, "each once, in order")
            #expect(try fixture.state(messages[4], ann)?.state == .sent)
        }
    }

    @Test("ends what the vendor refuses, with its reason")
    func refused() async throws {
        let provider = RecordingProvider()
        try await DispatcherFixture.with(providers: [provider]) { fixture in
            let ann = try fixture.device("ann")
            let message = try await fixture.send("ann").message
            try await fixture.settle()
            provider.answer(.refused, code: "vendor.too_long")
            try await fixture.settle()
            #expect(try fixture.state(message, ann)?.end == .failed("vendor.too_long"))
        }
    }

    @Test("unregisters a device whose token died, but not one that registered again since")
    func deadToken() async throws {
        let provider = RecordingProvider()
        try await DispatcherFixture.with(providers: [provider]) { fixture in
            let ann = try fixture.device("ann")
            for isOld in [true, false] {
                _ = try fixture.device("ann")
                _ = try await fixture.send("ann")
                try await fixture.settle()
                let since = fixture.clock.now.adding(seconds: isOld ? -60 : 60)
                provider.answer(.tokenDead(since: since), code: "vendor.unregistered")
                try await fixture.settle()
                let isActive = try fixture.store.read { try $0.isActive(ann.number) }
                #expect(isActive == isOld)
            }
            let dead = try fixture.store.read {
                try $0.deadTokens(of: fixture.app.number, route: provider.route, after: 0, limit: 10)
            }
            #expect(dead.map(\.token) == ["token-ann"])
            #expect(dead.map(\.reason) == ["vendor.unregistered"])
        }
    }

    @Test("sends again what was put off, after a pause")
    func putOff() async throws {
        let provider = RecordingProvider()
        try await DispatcherFixture.with(providers: [provider]) { fixture in
            let ann = try fixture.device("ann")
            let message = try await fixture.send("ann").message
            try await fixture.settle()
            provider.answer(.putOff)
            let lane = try #require(fixture.dispatcher.lanes.first)
            lane.sweep()
            try await fixture.settle()
            #expect(provider.submitted.count == 1, "not before the pause is over")
            fixture.clock.advance(by: .seconds(6))
            lane.sweep()
            try await fixture.settle()
            #expect(provider.submitted.count == 2)
            provider.answer(.accepted)
            try await fixture.settle()
            #expect(try fixture.state(message, ann)?.state == .sent)
        }
    }

    @Test("tries again later what a vendor asks for, and meanwhile sends the rest")
    func later() async throws {
        let provider = RecordingProvider()
        try await DispatcherFixture.with(providers: [provider]) { fixture in
            let ann = try fixture.device("ann")
            let first = try await fixture.send("ann").message
            try await fixture.settle()
            provider.answer(.later(at: fixture.clock.now.adding(seconds: 60)))
            try await fixture.settle()
            let second = try await fixture.send("ann").message
            try await fixture.settle()
            #expect(provider.submitted.map(\.message) == [first, second])
            provider.answer(.received)
            try await fixture.settle()
            #expect(try fixture.state(second, ann)?.state == .received)
            fixture.clock.advance(by: .seconds(60))
            try #require(fixture.dispatcher.lanes.first).sweep()
            try await fixture.settle()
            #expect(provider.submitted.map(\.message) == [first, second, first])
        }
    }

    @Test("sends nothing for a device whose token is another vendor's")
    func otherVendor() async throws {
        let provider = RecordingProvider()
        try await DispatcherFixture.with(providers: [provider]) { fixture in
            let registration = DeviceRegistration(
                app: fixture.app.number, alias: "ann", platform: .android, nativeToken: "t", vendor: .webPush)
            try fixture.store.write { _ = try $0.register(registration, newID: "id", at: fixture.clock.now) }
            _ = try await fixture.send("ann")
            try await fixture.settle()
            #expect(provider.submitted.isEmpty)
        }
    }

    @Test("takes over what a device has not confirmed when its connection ends")
    func stranded() async throws {
        let provider = RecordingProvider()
        try await DispatcherFixture.with(providers: [provider]) { fixture in
            let ann = try fixture.device("ann")
            let device = try await fixture.connect(ann)
            try await fixture.settle()
            let confirmed = try await fixture.send("ann", confirm: true).message
            let unconfirmed = try await fixture.send("ann", confirm: true).message
            try await fixture.settle()
            #expect(try await device.messages == [confirmed, unconfirmed])
            try await device.confirm(confirmed)
            #expect(provider.submitted.isEmpty)
            try await device.disconnect()
            try await fixture.settle()
            #expect(provider.submitted.map(\.message) == [unconfirmed])
        }
    }

    @Test("drops what a device confirmed before the vendor could take it")
    func confirmedMeanwhile() async throws {
        let provider = RecordingProvider(room: 0)
        try await DispatcherFixture.with(providers: [provider]) { fixture in
            let ann = try fixture.device("ann")
            let message = try await fixture.send("ann", confirm: true).message
            try await fixture.settle()
            let device = try await fixture.connect(ann)
            try await fixture.settle()
            #expect(try await device.messages == [message])
            try await device.confirm(message)
            try await fixture.settle()
            try #require(fixture.dispatcher.lanes.first).sweep()
            try await fixture.settle()
            let left = try fixture.store.read {
                try $0.outbox(of: provider.route, fixture.app.number, after: .zero, limit: 10, at: fixture.clock.now)
            }
            #expect(left.isEmpty)
            #expect(provider.submitted.isEmpty)
        }
    }
}
