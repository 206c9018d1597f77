import ApusCore
import CoreMetrics
import Logging
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#endif

/// Tells one client its feedback: tuples of time, token length and token, and then the end (Apple's feedback service).
///
/// The feedback is cleared only when TCP has the acknowledgement of all of it.
// SAFETY: a channel handler; touched on its channel's event loop only.
final class LegacyFeedbackHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let pageSize = 1000
    private static let acknowledgementTick = TimeAmount.milliseconds(10)

    private let client: LegacyClient
    private let backend: any LegacyFeedbackBackend
    private let shared: LegacyListener.Shared
    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?
    /// Where the last tuple that was written stands.
    private var written: Int64?
    /// Closes the connection when nothing gets ahead.
    private var deadline: Scheduled<Void>?

    init(
        client: LegacyClient, backend: any LegacyFeedbackBackend, _ shared: LegacyListener.Shared,
        eventLoop: any EventLoop
    ) {
        self.client = client
        self.backend = backend
        self.shared = shared
        self.eventLoop = eventLoop
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        fetch()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        self.context = nil
    }

    /// The client has nothing to say here.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    /// Only a reset is the end: who has no more to say may still be listening.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is IOError { context.close(promise: nil) }
    }

    // MARK: Telling

    private func fetch() {
        renewDeadline()
        backend.pendingFeedback(for: client, after: written ?? .min, limit: Self.pageSize) { result in
            self.eventLoop.execute { self.tell(result) }
        }
    }

    private func tell(_ result: Result<[LegacyFeedback], any Error>) {
        guard let context else { return }
        guard case .success(let page) = result else {
            shared.logger.warning(
                "Legacy APNs gateway: The feedback cannot be read.", metadata: ["client": "\(client.name)"])
            return context.close(promise: nil)
        }
        guard let last = page.last else { return finish() }
        var bytes = context.channel.allocator.buffer(capacity: page.count * 38)
        for feedback in page { feedback.write(into: &bytes) }
        written = last.position
        shared.metrics.feedback.increment(by: page.count)
        context.writeAndFlush(wrapOutboundOut(bytes)).whenSuccess {
            if page.count < Self.pageSize { self.finish() } else { self.fetch() }
        }
    }

    private func finish() {
        guard written != nil else {
            context?.close(promise: nil)
            return
        }
        renewDeadline()
        eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.acknowledgementTick) { task in
            guard let context = self.context, let written = self.written else { return task.cancel() }
            guard Self.isAcknowledged(context) else { return }
            task.cancel()
            self.backend.clearFeedback(for: self.client, upTo: written)
            context.close(promise: nil)
        }
    }

    private func renewDeadline() {
        deadline?.cancel()
        deadline = eventLoop.scheduleTask(in: shared.settings.closingTime) { self.context?.close(promise: nil) }
    }

    /// Whether the client's machine has all that was written.
    private static func isAcknowledged(_ context: ChannelHandlerContext) -> Bool {
        #if canImport(Glibc)
            let waiting = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) { socket in
                var count: CInt = 0
                return ioctl(socket, UInt(TIOCOUTQ), &count) == 0 ? count : nil
            }
            return waiting == .some(.some(0))
        #else
            // There is no way to ask; that it was written has to do.
            return true
        #endif
    }
}

extension LegacyFeedback {
    func write(into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt32(clamping: time.milliseconds / 1000))
        buffer.writeInteger(UInt16(clamping: token.count))
        buffer.writeBytes(token)
    }
}
