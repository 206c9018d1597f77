import CoreMetrics
import Logging
import NIOCore
import NIOSSL

/// One client of the binary gateway, from when it is known who it is.
// SAFETY: a channel handler; touched on its channel's event loop only.
final class LegacyGatewayHandler: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let client: LegacyClient
    private let backend: any LegacyGatewayBackend
    private let shared: LegacyListener.Shared
    private let eventLoop: any EventLoop
    private var session: LegacySession
    private var context: ChannelHandlerContext?
    private var isProceeding = false
    private var holdsRead = false
    private var lastActive: NIODeadline
    /// When the first byte came of a frame that is not complete yet.
    private var frameBegan: NIODeadline?
    private var timer: RepeatedTask?

    init(
        client: LegacyClient, backend: any LegacyGatewayBackend, _ shared: LegacyListener.Shared,
        eventLoop: any EventLoop
    ) {
        self.client = client
        self.backend = backend
        self.shared = shared
        self.eventLoop = eventLoop
        session = LegacySession(shared.settings)
        lastActive = eventLoop.now
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let tick = TimeAmount.nanoseconds(min(shared.settings.frameTime, shared.settings.idleTime).nanoseconds / 4)
        timer = eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in self.checkTimes() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        self.context = nil
        // What came before the connection ended counts, though nobody can be told of errors any more.
        session.endInput()
        proceed()
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastActive = eventLoop.now
        session.receive(unwrapInboundIn(data))
        proceed()
    }

    /// While the backend does not keep up, what the client sends stays in the kernel's buffers.
    func read(context: ChannelHandlerContext) {
        if session.wantsInput { context.read() } else { holdsRead = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            session.endInput()
            proceed()
            if session.isClosed { context.close(promise: nil) }
        case is LegacyListener.Draining:
            session.drain()
            proceed()
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Many a client closes without the goodbye of TLS. Frames tell their length, so nothing can be cut off unnoticed.
        if let error = error as? NIOSSLError, case .uncleanShutdown = error { return }
        context.close(promise: nil)
    }

    // MARK: Running actions

    private func proceed() {
        // A backend that answers at once leads back here: the loop below then goes on.
        guard !isProceeding else { return }
        isProceeding = true
        while let action = session.next() { run(action) }
        isProceeding = false
        if session.awaitsRestOfFrame { frameBegan = frameBegan ?? lastActive } else { frameBegan = nil }
        if holdsRead, session.wantsInput, let context {
            holdsRead = false
            context.read()
        }
    }

    private func run(_ action: LegacySession.Action) {
        switch action {
        case .accept(let notification, let number):
            frameBegan = nil
            if notification.isRepaired { shared.metrics.repaired.increment() }
            backend.accept(notification, from: client) { result in
                if self.eventLoop.inEventLoop {
                    self.settle(number, result)
                } else {
                    self.eventLoop.execute { self.settle(number, result) }
                }
            }
        case .sendError(let packet):
            report(packet.status)
            var bytes = ByteBuffer()
            packet.write(into: &bytes)
            context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            closeSoon()
        case .close(let reason):
            switch reason {
            case .ended: break
            case .truncated: log("The client closed in the middle of a frame.")
            case .failed(let status): report(status)
            }
            closeSoon()
        }
    }

    private func report(_ status: LegacyStatus) {
        if status != .shutdown { shared.metrics.rejected.increment() }
        log("The connection ends with status \(status.rawValue), \(status).")
    }

    private func log(_ message: Logger.Message) {
        shared.logger.info("Legacy APNs gateway: \(message)", metadata: ["client": "\(client.name)"])
    }

    private func settle(_ number: Int, _ result: Result<Void, LegacyGatewayError>) {
        if case .success = result { shared.metrics.accepted.increment() }
        session.settle(number, result)
        proceed()
    }

    // MARK: Closing

    /// Half of it first: if there were still something unread, a full close would reset the connection, and the client
    /// would lose the packet that tells it why.
    private func closeSoon() {
        guard let context else { return }
        context.close(mode: .output, promise: nil)
        eventLoop.scheduleTask(in: shared.settings.closingTime) { self.context?.close(promise: nil) }
    }

    private func checkTimes() {
        let now = eventLoop.now
        let isSilent = now - lastActive >= shared.settings.idleTime
        let isSlow = frameBegan.map { now - $0 >= shared.settings.frameTime } ?? false
        guard isSilent || isSlow, let context else { return }
        log(isSlow ? "The client did not finish a frame in time." : "The client was silent for too long.")
        context.close(promise: nil)
    }
}
