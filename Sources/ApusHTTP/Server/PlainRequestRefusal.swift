import ApusCore
import NIOCore

/// The first handler of a connection that has to be encrypted. It lets TLS pass and is gone; a client that speaks plain
/// HTTP is told so, and any other closed.
// SAFETY: a channel handler; touched on its channel's event loop only.
final class PlainRequestRefusal: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The type of a record that holds a part of a handshake (RFC 8446 §5.1), which comes first.
    private static let handshake: UInt8 = 22
    /// How long a client may take to read the answer.
    private static let closeTime = TimeAmount.seconds(2)

    private static let error = ApusError(
        .invalid, code: "https_required",
        "This port speaks HTTPS only. Use https:// and wss:// instead of http:// and ws://.")

    private var isRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused, let first = unwrapInboundIn(data).readableBytesView.first else { return }
        guard first != Self.handshake else {
            context.fireChannelRead(data)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
            return
        }
        isRefused = true
        guard UInt8(ascii: "A")...UInt8(ascii: "Z") ~= first else { return context.close(promise: nil) }
        var answer = ByteBuffer()
        HTTPResponseEncoder.writeResponse(
            status: Self.error.status, contentType: "application/json", connection: .close, body: Self.error.body,
            into: &answer)
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        // Half-closed first: a client that is still sending would otherwise lose the answer to a reset.
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.closeTime) { channel.close(promise: nil) }
    }
}
