import ApusCore
import ApusTestKit
import CoreMetrics
import NIOCore
import NIOEmbedded
import Synchronization

/// A shard on an event loop that the test moves, with a store that answers when the test says so.
final class ShardFixture: SessionBackend {
    let manualClock = ManualClock()
    var clock: any Clock { manualClock }
    let directory = SessionDirectory()
    let settings: SessionSettings
    let metrics = DeliveryMetrics(factory: NOOPMetricsHandler.instance)
    let loop = EmbeddedEventLoop()
    let congested = Atomic<Bool>(false)
    var isCongested: Bool { congested.load(ordering: .relaxed) }
    private let state = Mutex<(changes: [DeliveryChange], requests: [PendingRequest])>(([], []))
    // SAFETY: assigned once in init.
    nonisolated(unsafe) private(set) var shard: SessionShard!

    init(_ settings: SessionSettings = SessionSettings()) {
        self.settings = settings
        shard = SessionShard(index: 0, eventLoop: loop, backend: self)
    }

    func record(_ changes: [DeliveryChange], sent: [SentGroup]) {
        state.withLock { $0.changes += sent.flatMap(\.changes) + changes }
    }

    func fetch(_ request: PendingRequest, afterCommit: Bool) { state.withLock { $0.requests.append(request) } }

    func stranded(_ device: DeviceNumber) {}

    func close(_ reference: SessionReference, _ reason: SessionCloseReason) {
        shard.close(reference.handle, reason)
    }

    func attach(_ device: DeviceNumber, _ transport: RecordingTransport) -> SessionHandle {
        shard.attach(device, transport)!
    }

    /// What was recorded since the last call.
    func takeChanges() -> [DeliveryChange] {
        state.withLock { state in
            defer { state.changes = [] }
            return state.changes
        }
    }

    /// What the store was asked since the last call.
    func takeRequests() -> [PendingRequest] {
        state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    func message(_ number: Int64, confirm: Bool = false, lifetime: Int64 = 3600) -> Message {
        Message(
            id: MessageID(number), app: AppNumber(1), appID: "app", tenant: "", content: MessageContent(alert: "hi"),
            needsConfirmation: confirm, expiresAt: clock.now.adding(seconds: lifetime))
    }

    /// The store's answer to what was asked last.
    func answer(_ messages: [Message]?, wasSent: Bool = false) {
        guard let request = takeRequests().last else { return }
        shard.take(
            ShardOutbox(
                pending: [
                    PendingAnswer(
                        request: request,
                        content: messages.map { .deliveries($0.map { PendingDelivery(message: $0, wasSent: wasSent) }) }
                            ?? .unreadable)
                ]))
    }

    /// A message committed while the device is connected.
    func commit(_ message: Message, for handle: SessionHandle) {
        var outbox = ShardOutbox()
        outbox.handOver(message, to: handle)
        shard.take(outbox)
    }

    func pass(_ time: TimeAmount) {
        manualClock.advance(by: time)
        shard.advance()
    }
}
