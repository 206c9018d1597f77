import ApusCore
import ApusSimulators
import ApusTestKit
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import ApusProviders

@Suite("WebPushProvider", .timeLimit(.minutes(1)))
struct WebPushProviderTests {
    /// A provider with a credential for one app, and a push service.
    struct Fixture {
        static let app = AppNumber(7)

        let clock = ManualClock()
        let keys = VAPIDKeys.make()
        let provider: WebPushProvider
        let simulator: WebPushSimulator

        init(allowing exceptions: [String], limits: HostGate.Limits) async throws {
            let group = MultiThreadedEventLoopGroup.singleton
            simulator = try await WebPushSimulator.start(clock: clock, group: group)
            provider = WebPushProvider(
                http: OutgoingHTTP(group: group, policy: try AddressPolicy(allowing: exceptions)), clock: clock,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), allowsPlainHTTP: true,
                limits: limits)
            await provider.use([credential()])
        }

        func credential(
            subject: String = "mailto:ops@example.org", publicKey: String? = nil, privateKey: String? = nil
        ) -> Credential {
            var settings = JSONMembers()
            settings["subject"] = subject
            settings["publicKey"] = publicKey
            var secret = JSONMembers()
            secret["privateKey"] = privateKey ?? keys.privateKey
            return Credential(
                app: Self.app, appID: "shop", route: .webPush, name: "x", settings: settings.text,
                secret: Array(secret.text.utf8), createdAt: clock.now)
        }

        func delivery(
            to token: String, alert: String = "Hello", kind: MessageContent.Kind = .message, app: AppNumber = app,
            attempts: Int = 0, urgency: Urgency? = nil, collapseKey: String? = nil
        ) -> VendorDelivery {
            let message = Message(
                id: MessageID(lowestAt: clock.now), app: app, appID: "shop", tenant: "",
                content: MessageContent(kind: kind, alert: alert, urgency: urgency, collapseKey: collapseKey),
                needsConfirmation: true,
                expiresAt: clock.now.adding(seconds: 600))
            return VendorDelivery(
                message: message, device: DeviceNumber(1), platform: .web, token: token, registeredAt: clock.now,
                attempts: attempts)
        }

        /// - Returns: nil if it was not taken.
        func submit(_ delivery: VendorDelivery) async -> VendorOutcome? {
            await withCheckedContinuation { continuation in
                if !provider.submit(delivery, completion: { continuation.resume(returning: $0) }) {
                    continuation.resume(returning: nil)
                }
            }
        }
    }

    func withProvider(
        allowing exceptions: [String] = ["127.0.0.1"], limits: HostGate.Limits = HostGate.Limits(),
        _ body: (Fixture) async throws -> Void
    ) async throws {
        let fixture = try await Fixture(allowing: exceptions, limits: limits)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(fixture))
        } catch {
            outcome = .failure(error)
        }
        // The simulator's end ends what is still under way.
        async let stopped: Void = fixture.provider.shutdown()
        try await fixture.simulator.stop()
        await stopped
        try outcome.get()
    }

    // MARK: Sending

    @Test("a message arrives as devices get it, with what push services need")
    func delivers() async throws {
        try await withProvider { fixture in
            let device = fixture.simulator.subscribe(requiredKey: fixture.keys.publicKey)
            let delivery = fixture.delivery(to: device.json)
            let outcome = try #require(await fixture.submit(delivery))
            #expect(outcome.result == .accepted)
            let message = try #require(fixture.simulator.messages(for: device.id).first)
            #expect(outcome.detail.hasSuffix("accepted it as \(fixture.simulator.origin)/message/\(message.id)."))
            #expect(message.status == 201)
            #expect(message.timeToLive == 600)
            #expect(message.urgency == "high")
            #expect(message.key == fixture.keys.publicKey)
            var expected = ByteBuffer()
            expected.writeMessage(delivery.message, for: .web)
            #expect(message.plaintext == String(buffer: expected))
        }
    }

    @Test("a command is not urgent")
    func command() async throws {
        try await withProvider { fixture in
            let device = fixture.simulator.subscribe()
            _ = await fixture.submit(fixture.delivery(to: device.json, kind: .command))
            #expect(fixture.simulator.messages(for: device.id).first?.urgency == "normal")
        }
    }

    @Test("urgency and collapse key become headers; a key that is no topic is hashed (RFC 8030 §5.4)")
    func topic() async throws {
        try await withProvider { fixture in
            let device = fixture.simulator.subscribe()
            for key in ["match-7", "match 7 is on, which is more than a topic may have"] {
                _ = await fixture.submit(fixture.delivery(to: device.json, urgency: .veryLow, collapseKey: key))
            }
            let messages = fixture.simulator.messages(for: device.id)
            #expect(messages.map(\.urgency) == ["very-low", "very-low"])
            #expect(messages.first?.topic == "match-7")
            #expect(messages.last?.topic?.utf8.count == 32)
        }
    }

    @Test("a subscription that has ended is a dead token")
    func gone() async throws {
        try await withProvider { fixture in
            let device = fixture.simulator.subscribe()
            fixture.simulator.unsubscribe(device.id)
            #expect(await fixture.submit(fixture.delivery(to: device.json))?.result == .tokenDead(since: nil))
        }
    }

    @Test("a device that subscribed with another key is told from others")
    func wrongKey() async throws {
        try await withProvider { fixture in
            let device = fixture.simulator.subscribe(requiredKey: VAPIDKeys.make().publicKey)
            let outcome = await fixture.submit(fixture.delivery(to: device.json))
            #expect(outcome?.result == .refused)
            #expect(outcome?.code == "webpush.403")
            #expect(outcome?.detail.contains("VAPID key") == true)
        }
    }

    @Test("what is to be tried later says when: as the service wants, or longer after each attempt")
    func later() async throws {
        try await withProvider { fixture in
            let device = fixture.simulator.subscribe()
            fixture.simulator.setAnswer(WebPushSimulatorAnswer(status: 429, retryAfter: "120"), for: device.id)
            let asked = await fixture.submit(fixture.delivery(to: device.json))
            #expect(asked?.result == .later(at: fixture.clock.now.adding(seconds: 120)))
            fixture.simulator.setAnswer(WebPushSimulatorAnswer(status: 500), for: device.id)
            let outcome = try #require(await fixture.submit(fixture.delivery(to: device.json, attempts: 3)))
            guard case .later(let time) = outcome.result else {
                Issue.record("\(outcome)")
                return
            }
            #expect((fixture.clock.now.adding(seconds: 40)...fixture.clock.now.adding(seconds: 50)).contains(time))
        }
    }

    @Test("a redirect is refused and not followed")
    func redirect() async throws {
        try await withProvider { fixture in
            let (device, other) = (fixture.simulator.subscribe(), fixture.simulator.subscribe())
            let location = "\(fixture.simulator.origin)/push/\(other.id)"
            fixture.simulator.setAnswer(WebPushSimulatorAnswer(status: 307, location: location), for: device.id)
            #expect(await fixture.submit(fixture.delivery(to: device.json))?.code == "webpush.307")
            #expect(fixture.simulator.messages(for: other.id).isEmpty)
        }
    }

    @Test("a message that is too large, and a token that is no subscription, are refused before anything is sent")
    func unsendable() async throws {
        try await withProvider { fixture in
            let device = fixture.simulator.subscribe()
            let large = fixture.delivery(to: device.json, alert: String(repeating: "x", count: 4000))
            #expect(await fixture.submit(large)?.code == "webpush_too_large")
            #expect(await fixture.submit(fixture.delivery(to: "browser-1"))?.code == "webpush_subscription_invalid")
            #expect(fixture.simulator.messages(for: device.id).isEmpty)
            // What failed before it was sent takes no room.
            #expect(await fixture.submit(fixture.delivery(to: device.json))?.result == .accepted)
        }
    }

    @Test("an endpoint in the own network is refused")
    func ownNetwork() async throws {
        try await withProvider(allowing: []) { fixture in
            let device = fixture.simulator.subscribe()
            let outcome = await fixture.submit(fixture.delivery(to: device.json))
            #expect(outcome?.code == "webpush.address_refused")
            #expect(outcome?.result == .refused)
            #expect(fixture.simulator.messages(for: device.id).isEmpty)
        }
    }

    @Test("a push service that does not answer holds up no other, and takes no more than its share")
    func slowService() async throws {
        var limits = HostGate.Limits()
        limits.perHost = 2
        try await withProvider(limits: limits) { fixture in
            let silent = fixture.simulator.subscribe()
            fixture.simulator.setAnswer(WebPushSimulatorAnswer(status: 500, isSilent: true), for: silent.id)
            let ends = Mutex(0)
            for _ in 0..<2 {
                #expect(
                    fixture.provider.submit(fixture.delivery(to: silent.json)) { _ in ends.withLock { $0 += 1 } })
            }
            let tooMany = await fixture.submit(fixture.delivery(to: silent.json))
            #expect(tooMany?.result == .later(at: fixture.clock.now.adding(milliseconds: 500)))
            fixture.clock.advance(by: .seconds(1))
            let outcome = await fixture.submit(fixture.delivery(to: silent.json))
            #expect(outcome?.result == .later(at: fixture.clock.now.adding(seconds: 5)))
            let other = try await PlainServer.start(.text("HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n"))
            let outcomeElsewhere = await fixture.submit(fixture.delivery(to: WebPushVector.json(endpoint: other.url)))
            #expect(outcomeElsewhere?.result == .accepted)
            try await other.stop()
            #expect(ends.withLock { $0 } == 0)
        }
    }

    @Test("after three refusals in a row a push service is left alone for as long as it wants")
    func pausedService() async throws {
        try await withProvider { fixture in
            let (busy, device) = (fixture.simulator.subscribe(), fixture.simulator.subscribe())
            fixture.simulator.setAnswer(WebPushSimulatorAnswer(status: 503, retryAfter: "30"), for: busy.id)
            for _ in 0..<3 { _ = await fixture.submit(fixture.delivery(to: busy.json)) }
            let paused = await fixture.submit(fixture.delivery(to: device.json))
            #expect(paused?.code == "webpush.service_paused")
            #expect(paused?.result == .later(at: fixture.clock.now.adding(seconds: 30)))
            #expect(fixture.simulator.messages(for: device.id).isEmpty)
            fixture.clock.advance(by: .seconds(30))
            #expect(await fixture.submit(fixture.delivery(to: device.json))?.result == .accepted)
        }
    }

    @Test("when it has shut down, everything that it took has an outcome, and it takes no more")
    func shutdown() async throws {
        try await withProvider { fixture in
            let device = fixture.simulator.subscribe()
            let outcomes = Mutex<[VendorOutcome]>([])
            for _ in 0..<16 {
                let isTaken = fixture.provider.submit(fixture.delivery(to: device.json)) { outcome in
                    outcomes.withLock { $0.append(outcome) }
                }
                #expect(isTaken)
            }
            await fixture.provider.shutdown()
            #expect(outcomes.withLock { $0.count } == 16)
            #expect(await fixture.submit(fixture.delivery(to: device.json)) == nil)
        }
    }

    // MARK: Credentials

    @Test("it serves apps that have a credential, and reaches devices that registered with a subscription")
    func serves() async throws {
        try await withProvider { fixture in
            #expect(fixture.provider.serves(Fixture.app))
            #expect(!fixture.provider.serves(AppNumber(8)))
            for platform in Platform.allCases {
                #expect(fixture.provider.reaches(platform, .webPush))
                #expect(!fixture.provider.reaches(platform, nil))
                #expect(!fixture.provider.reaches(platform, .apns))
            }
            #expect(await fixture.submit(fixture.delivery(to: "x", app: AppNumber(8))) != nil)
            let device = fixture.simulator.subscribe()
            #expect(await fixture.submit(fixture.delivery(to: device.json, app: AppNumber(8))) == nil)
            await fixture.provider.use([])
            #expect(!fixture.provider.serves(Fixture.app))
        }
    }

    @Test("a credential's public key is told, and there is one for each app")
    func checked() async throws {
        try await withProvider { fixture in
            let credential = try fixture.provider.checked(fixture.credential())
            #expect(credential.name == "vapid")
            #expect(
                credential.settings
                    == #"{"subject":"mailto:ops@example.org","publicKey":"\#(fixture.keys.publicKey)"}"#)
            #expect(credential.secret == fixture.credential().secret)
            _ = try fixture.provider.checked(
                fixture.credential(subject: "https://example.org/ops", publicKey: fixture.keys.publicKey))
        }
    }

    @Test("what is wrong with a credential is said")
    func wrongCredentials() async throws {
        try await withProvider { fixture in
            func field(_ credential: Credential) -> String? {
                do throws(ApusError) {
                    _ = try fixture.provider.checked(credential)
                    return nil
                } catch {
                    return error.fields.first?.name
                }
            }
            for subject in ["", "ops@example.org", "mailto:ops", "http://example.org", "https://"] {
                #expect(field(fixture.credential(subject: subject)) == "subject")
            }
            #expect(field(fixture.credential(publicKey: VAPIDKeys.make().publicKey)) == "publicKey")
            #expect(field(fixture.credential(privateKey: "")) == "privateKey")
            #expect(field(fixture.credential(privateKey: "AAAA")) == "privateKey")
        }
    }
}
