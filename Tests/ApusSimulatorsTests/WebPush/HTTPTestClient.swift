import NIOCore
import NIOHTTP1
import NIOPosix

/// One connection over HTTP/1.1, one request at a time.
struct HTTPTestClient: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: String
    }

    private let channel: any Channel

    static func connect(port: Int) async throws -> HTTPTestClient {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(Exchange())
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return HTTPTestClient(channel: channel)
    }

    func send(
        _ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders = [:], _ body: String = ""
    ) async throws -> Answer {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: headers)
        head.headers.add(name: "content-length", value: "\(body.utf8.count)")
        let answer = channel.eventLoop.makePromise(of: Answer.self)
        return try await channel.eventLoop.flatSubmit { [channel, head] in
            do {
                try channel.pipeline.syncOperations.handler(type: Exchange.self).begin(answer)
            } catch {
                answer.fail(error)
            }
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(string: body))), promise: nil)
            channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
            return answer.futureResult
        }.get()
    }

    func close() async throws {
        try await channel.close()
    }
}

/// Puts together the answer to the request that is under way.
// SAFETY: touched on its channel's event loop only.
private final class Exchange: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPClientResponsePart

    private struct ConnectionEnded: Error {}

    private var answer: EventLoopPromise<HTTPTestClient.Answer>?
    private var head: HTTPResponseHead?
    private var body = ByteBuffer()

    func begin(_ answer: EventLoopPromise<HTTPTestClient.Answer>) {
        self.answer = answer
        body.clear()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(let bytes): body.writeImmutableBuffer(bytes)
        case .end:
            guard let head, let answer else { return }
            self.answer = nil
            answer.succeed(
                HTTPTestClient.Answer(
                    status: Int(head.status.code), headers: head.headers, body: String(buffer: body)))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer?.fail(ConnectionEnded())
    }
}
