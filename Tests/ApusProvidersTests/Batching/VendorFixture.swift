import ApusCore
import ApusSimulators
import ApusTestKit
import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import ApusProviders

/// A provider of one vendor, and that vendor.
struct VendorFixture<V: ApusProviders.Vendor> {
    static var app: AppNumber { AppNumber(7) }

    let clock: ManualClock
    let provider: BatchingProvider<V>
    let simulator: VendorSimulator

    /// - Parameter credentials: for the vendor's origin.
    static func with(
        _ service: any VendorService, clock: ManualClock = ManualClock(),
        credentials: (String) -> [(settings: String, secret: String)],
        _ body: (VendorFixture) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let simulator = try await VendorSimulator.start(service, clock: clock, group: group)
        let fixture = VendorFixture(
            clock: clock,
            provider: BatchingProvider(
                http: OutgoingHTTP(group: group, connectionsPerHost: 4), eventLoop: group.next(), clock: clock,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })),
            simulator: simulator)
        let parsed = credentials(simulator.origin).map { fixture.credential($0.settings, $0.secret) }
        await fixture.provider.use(parsed)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(fixture))
        } catch {
            outcome = .failure(error)
        }
        // The simulator's end ends what is still under way.
        async let stopped: Void = fixture.provider.shutdown()
        try await simulator.stop()
        await stopped
        try outcome.get()
    }

    func credential(_ settings: String, _ secret: String) -> Credential {
        Credential(
            app: Self.app, appID: "shop", route: V.route, name: "", settings: settings, secret: Array(secret.utf8),
            createdAt: clock.now)
    }

    /// - Returns: the field that is said to be wrong.
    func wrongField(_ settings: String, _ secret: String) -> String? {
        do throws(ApusError) {
            _ = try provider.checked(credential(settings, secret))
            return nil
        } catch {
            return error.fields.first?.name
        }
    }

    /// All are of one message.
    func deliveries(
        to tokens: [String], on platform: Platform, content: MessageContent = MessageContent(alert: "Hello"),
        attempts: Int = 0
    ) -> [VendorDelivery] {
        let message = Message(
            id: MessageID(lowestAt: clock.now), app: Self.app, appID: "shop", tenant: "", content: content,
            needsConfirmation: false, expiresAt: clock.now.adding(seconds: 3600))
        return tokens.enumerated().map { index, token in
            VendorDelivery(
                message: message, device: DeviceNumber(Int64(index + 1)), platform: platform, token: token,
                registeredAt: clock.now, attempts: attempts)
        }
    }

    /// Submits them all, with the clock moving on so that batches end.
    /// - Returns: their outcomes in their order; nil for those that were not taken.
    func send(_ deliveries: [VendorDelivery]) async throws -> [VendorOutcome?] {
        let outcomes = Outcomes(deliveries.count)
        for (index, delivery) in deliveries.enumerated() {
            if !provider.submit(delivery, completion: { outcomes.set($0, at: index) }) { outcomes.set(nil, at: index) }
        }
        try await eventually("all outcomes") {
            clock.advance(by: DeliveryBatcher.linger)
            return outcomes.areComplete
        }
        return outcomes.all
    }

    func send(
        to token: String, on platform: Platform, content: MessageContent = MessageContent(alert: "Hello"),
        attempts: Int = 0
    ) async throws -> VendorOutcome? {
        try await send(deliveries(to: [token], on: platform, content: content, attempts: attempts))[0]
    }
}

/// What became of deliveries.
final class Outcomes: Sendable {
    private let outcomes: Mutex<[VendorOutcome??]>

    init(_ count: Int) {
        outcomes = Mutex(Array(repeating: .none, count: count))
    }

    func set(_ outcome: VendorOutcome?, at index: Int) {
        outcomes.withLock { $0[index] = .some(outcome) }
    }

    var areComplete: Bool { outcomes.withLock { $0.allSatisfy { $0 != nil } } }
    var all: [VendorOutcome?] { outcomes.withLock { $0.map { $0 ?? nil } } }
}
