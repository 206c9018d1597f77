package import NIOCore

/// Stops accepting while as many connections are open as may be: clients then wait in the listen queue, and the process
/// keeps the descriptors that its own files need.
// SAFETY: a channel handler; touched on its channel's event loop only.
package final class AcceptLimiter: ChannelDuplexHandler, @unchecked Sendable {
    package typealias InboundIn = any Channel
    package typealias OutboundIn = any Channel

    private static let retry = TimeAmount.milliseconds(50)

    private let budget: ConnectionBudget
    private var isHolding = false

    package init(_ budget: ConnectionBudget) {
        self.budget = budget
    }

    package func read(context: ChannelHandlerContext) {
        guard budget.isSpent else { return context.read() }
        guard !isHolding else { return }
        isHolding = true
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.retry) {
            self.isHolding = false
            channel.read()
        }
    }
}
