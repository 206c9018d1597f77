import ApusCore
import ApusTestKit
import CoreMetrics
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A dispatcher with a store in memory and two real event loops.
final class DispatcherFixture: Sendable {
    let store = InMemoryMessageStore()
    let clock = ManualClock()
    let dispatcher: Dispatcher
    let hub: EventHub
    let app: App
    private let group: MultiThreadedEventLoopGroup

    static func with(
        limits: DispatchLimits = DispatchLimits(), providers: [any PushProvider] = [], bus: (any ClusterBus)? = nil,
        _ body: (DispatcherFixture) async throws -> Void
    ) async throws {
        let fixture = try DispatcherFixture(limits, providers, bus)
        do {
            try await body(fixture)
        } catch {
            await fixture.stop()
            throw error
        }
        await fixture.stop()
    }

    private init(_ limits: DispatchLimits, _ providers: [any PushProvider], _ bus: (any ClusterBus)?) throws {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        app = try StoreFixture(store, clock: clock).app()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        hub = EventHub(store: store, clock: clock, logger: logger)
        dispatcher = try Dispatcher(
            store: store, eventLoops: Array(group.makeIterator()), clock: clock, limits: limits,
            metrics: DeliveryMetrics(factory: NOOPMetricsHandler.instance), lanes: providers.map { ProviderLane($0) },
            events: hub, bus: bus, logger: logger)
    }

    private func stop() async {
        await dispatcher.stop()
        hub.stop()
        try? await group.shutdownGracefully()
    }

    func device(_ alias: String, token: String? = nil) throws -> Device {
        try StoreFixture(store, clock: clock).device(app, alias, token: token)
    }

    func send(_ alias: String, confirm: Bool = false, key: String? = nil) async throws -> Acceptance {
        try await dispatcher.send(request(alias, confirm: confirm, key: key))
    }

    func request(_ alias: String, confirm: Bool = false, key: String? = nil, tenant: String = "") -> PushRequest {
        PushRequest(
            app: app.number, appID: app.id, audience: Audience(.alias, [alias], tenant: tenant),
            content: MessageContent(alert: "hello"), needsConfirmation: confirm, timeToLive: 3600, idempotencyKey: key)
    }

    /// Connects a device on the given shard.
    /// - Parameter then: done before anything else happens on the shard's event loop.
    func connect(_ device: Device, shard: Int = 0, then: @escaping @Sendable () -> Void = {}) async throws -> Connected
    {
        let shard = dispatcher.shards[shard]
        return try await shard.eventLoop.submit {
            defer { then() }
            return Connected(device, on: shard)
        }.get()
    }

    func state(_ message: MessageID, _ device: Device) throws -> Delivery? {
        try store.read { try $0.delivery(of: message, to: device.number)?.delivery }
    }

    /// Returns once all that was recorded is written and handed over.
    func settle() async throws {
        for _ in 0..<3 {
            _ = try await dispatcher.update { _ in }
            _ = try await dispatcher.query { try $0.lastMessage() }
            for shard in dispatcher.shards { try await shard.eventLoop.submit {}.get() }
        }
    }
}

/// A connected device. Its transport is read on its event loop only.
// SAFETY: `transport` is touched on the shard's event loop only.
final class Connected: @unchecked Sendable {
    private let shard: SessionShard
    private let transport = RecordingTransport()
    private let handle: SessionHandle

    fileprivate init(_ device: Device, on shard: SessionShard) {
        self.shard = shard
        handle = shard.attach(device.number, transport)!
    }

    var messages: [MessageID] {
        get async throws { try await shard.eventLoop.submit { self.transport.messages }.get() }
    }

    var closed: SessionCloseReason? {
        get async throws { try await shard.eventLoop.submit { self.transport.closed }.get() }
    }

    func confirm(_ message: MessageID) async throws {
        try await shard.eventLoop.submit {
            self.shard.confirm(self.handle, message, .received)
            self.shard.didRead(self.handle)
        }.get()
    }

    func disconnect() async throws {
        try await shard.eventLoop.submit { self.shard.detach(self.handle) }.get()
    }
}

/// A vendor that takes as much as it is told to, and answers when it is told to.
final class RecordingProvider: PushProvider {
    private struct State {
        var submitted: [DeliveryKey] = []
        var open: [(delivery: VendorDelivery, completion: @Sendable (VendorOutcome) -> Void)] = []
        var room: Int
    }

    let route = Route(rawValue: "vendor")
    private let state: Mutex<State>

    init(room: Int = .max) { state = Mutex(State(room: room)) }

    var submitted: [DeliveryKey] { state.withLock { $0.submitted } }
    var tokens: [String] { state.withLock { $0.open.map(\.delivery.token) } }

    func serves(_ app: AppNumber) -> Bool { true }
    func reaches(_ platform: Platform, _ vendor: Route?) -> Bool { platform == .android && (vendor ?? route) == route }

    func submit(_ delivery: VendorDelivery, completion: @escaping @Sendable (VendorOutcome) -> Void) -> Bool {
        state.withLock { state in
            guard state.open.count < state.room else { return false }
            state.submitted.append(delivery.key)
            state.open.append((delivery, completion))
            return true
        }
    }

    func problem(of app: AppNumber) -> String? { nil }
    func checked(_ credential: Credential) throws(ApusError) -> Credential { credential }
    func use(_ credentials: [Credential]) async {}
    func shutdown() async {}

    /// Answers everything that is under way.
    func answer(_ result: VendorOutcome.Result, code: String = "vendor.code") {
        let open = state.withLock { state in
            defer { state.open = [] }
            return state.open
        }
        for (_, completion) in open { completion(VendorOutcome(result, code: code, detail: "an answer")) }
    }
}
