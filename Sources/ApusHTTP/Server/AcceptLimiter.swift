import NIOCore
import Synchronization

/// Stops accepting while as many connections are open as may be: clients then wait in the listen queue, and the process
/// keeps the descriptors that its own files need.
// SAFETY: a channel handler; touched on its channel's event loop only.
final class AcceptLimiter: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = any Channel
    typealias OutboundIn = any Channel

    private static let retry = TimeAmount.milliseconds(50)

    private let shared: HTTPServerContext
    private let most: Int
    private var isHolding = false

    init(_ shared: HTTPServerContext, most: Int) {
        self.shared = shared
        self.most = most
    }

    func read(context: ChannelHandlerContext) {
        guard shared.openConnections.load(ordering: .relaxed) >= most else { return context.read() }
        guard !isHolding else { return }
        isHolding = true
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.retry) {
            self.isHolding = false
            channel.read()
        }
    }
}
