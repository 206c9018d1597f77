import NIOCore
import NIOHTTP1

/// Takes one request after the other from a connection (HTTP/1.1) and writes the answers.
// SAFETY: a channel handler; touched on its channel's event loop only.
final class VendorConnectionHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let context: VendorContext
    private let control: VendorControl
    private let bodyLimit: Int
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    private var isTooLong = false

    init(_ context: VendorContext, _ service: any VendorService) {
        self.context = context
        control = VendorControl(context, service)
        bodyLimit = max(service.bodyLimit, VendorControl.bodyLimit)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ByteBuffer()
            isTooLong = false
        case .body(let bytes):
            guard !isTooLong else { return }
            if body.readableBytes + bytes.readableBytes > bodyLimit {
                isTooLong = true
                write(VendorAnswer(status: 413), isLast: true, context.channel)
            } else {
                body.writeImmutableBuffer(bytes)
            }
        case .end:
            guard let head, !isTooLong else { return }
            answer(VendorRequest(head, body: body), isLast: !head.isKeepAlive, context.channel)
        }
    }

    private func answer(_ request: VendorRequest, isLast: Bool, _ channel: any Channel) {
        if let answer = control.answer(request) { return write(answer, isLast: isLast, channel) }
        let (answer, delay) = (context.answer(request), context.behaviour.drawnLatency)
        guard delay > .zero else { return write(answer, isLast: isLast, channel) }
        channel.eventLoop.scheduleTask(in: delay) { self.write(answer, isLast: isLast, channel) }
    }

    private func write(_ answer: VendorAnswer, isLast: Bool, _ channel: any Channel) {
        switch answer.fault {
        case .silence: return
        case .close: return channel.close(promise: nil)
        case .garbage, nil: break
        }
        var headers = answer.headers
        headers.add(name: "content-length", value: "\(answer.body.readableBytes)")
        headers.add(name: "connection", value: isLast ? "close" : "keep-alive")
        let status = HTTPResponseStatus(statusCode: answer.status)
        channel.write(
            HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)),
            promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(answer.body)), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
            if isLast { channel.close(promise: nil) }
        }
    }
}
