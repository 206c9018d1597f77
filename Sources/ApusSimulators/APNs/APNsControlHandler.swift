import ApusCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// The control interface: HTTP/1.1 with JSON, on loopback, for a command line or a test program.
///
/// | request | does |
/// | --- | --- |
/// | `GET /control` | the behaviour |
/// | `PUT /control` | changes the members of the behaviour that the body names; answers with all of it |
/// | `GET /counts` | how often what happened |
/// | `GET /accepted` | the last notifications that were accepted, one a line |
/// | `DELETE /accepted` | forgets counts and notifications |
/// | `POST /goaway`, `POST /reset` | ends all connections, in either way |
// SAFETY: a channel handler; touched on its channel's event loop only.
final class APNsControlHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let bodyLimit = 1024 * 1024

    private let shared: APNsSimulatorContext
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(_ shared: APNsSimulatorContext) {
        self.shared = shared
    }

    static func bind(port: Int, _ shared: APNsSimulatorContext, _ group: any EventLoopGroup) async throws -> any Channel
    {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Pipelined requests wait for their turn.
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(APNsControlHandler(shared))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
        case .body(let bytes):
            guard body.readableBytes + bytes.readableBytes <= Self.bodyLimit else {
                return context.close(promise: nil)
            }
            body.writeImmutableBuffer(bytes)
        case .end:
            guard let head else { return }
            let (body, shared, channel) = (body, shared, context.channel)
            let isLast = !head.isKeepAlive
            Task {
                let answer = await Self.answer(head.method, head.uri, body, shared)
                channel.eventLoop.execute { self.write(answer, isLast: isLast, to: channel) }
            }
        }
    }

    private struct Answer {
        var status = HTTPResponseStatus.ok
        var body = ByteBuffer()

        static func failure(_ status: HTTPResponseStatus, _ message: String) -> Answer {
            var answer = Answer(status: status)
            answer.body.writeJSONObject { $0.member("error", string: message) }
            return answer
        }
    }

    private static func answer(
        _ method: HTTPMethod, _ path: String, _ body: ByteBuffer, _ shared: APNsSimulatorContext
    ) async -> Answer {
        var answer = Answer()
        switch (method, path) {
        case (.PUT, "/control"):
            do {
                try await shared.change { try APNsBehaviourJSON.apply(body, to: &$0) }
            } catch let error as APNsBehaviourJSON.Failure {
                return .failure(.badRequest, error.message)
            } catch {
                return .failure(.badRequest, "The body must be a JSON object: \(error).")
            }
            APNsBehaviourJSON.write(shared.behaviour, into: &answer.body)
        case (.GET, "/control"):
            APNsBehaviourJSON.write(shared.behaviour, into: &answer.body)
        case (.GET, "/counts"):
            shared.journal.counts.write(into: &answer.body)
        case (.GET, "/accepted"):
            for notification in shared.journal.accepted { notification.writeLine(into: &answer.body) }
        case (.DELETE, "/accepted"):
            shared.journal.clear()
        case (.POST, "/goaway"):
            await shared.forEachConnection { $0.sendGoAway() }
        case (.POST, "/reset"):
            await shared.forEachConnection { $0.reset() }
        default:
            return .failure(
                .notFound,
                "There is GET and PUT /control, GET /counts, GET and DELETE /accepted, POST /goaway and POST /reset.")
        }
        return answer
    }

    private func write(_ answer: Answer, isLast: Bool, to channel: any Channel) {
        let headers: HTTPHeaders = [
            "content-type": "application/json", "content-length": "\(answer.body.readableBytes)",
            "connection": isLast ? "close" : "keep-alive",
        ]
        let head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(answer.body)), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
            if isLast { channel.close(promise: nil) }
        }
    }
}
