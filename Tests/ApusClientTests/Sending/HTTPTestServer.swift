import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP server on a free loopback port that answers each request as the test says, after a moment in which others
/// come.
struct HTTPTestServer {
    struct Answer {
        var status = 200
        var retryAfter: String?
        var body = ""
    }

    let port: Int
    private let record: Record
    private let listener: any Channel

    /// The lines of the requests so far.
    var requests: [[String]] { record.requests.withLock { $0 } }

    /// - Parameter answer: answers the request with this number, from 0, by its lines; `nil` breaks the connection.
    static func start(_ answer: @escaping @Sendable (Int, [String]) -> Answer?) async throws -> HTTPTestServer {
        let record = Record()
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Player(record, answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return HTTPTestServer(port: listener.localAddress?.port ?? 0, record: record, listener: listener)
    }

    func stop() async throws {
        try await listener.close()
    }

    private final class Record: Sendable {
        let requests = Mutex<[[String]]>([])
    }

    private final class Player: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let record: Record
        private let answer: @Sendable (Int, [String]) -> Answer?
        private var body = ByteBuffer()

        init(_ record: Record, _ answer: @escaping @Sendable (Int, [String]) -> Answer?) {
            self.record = record
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head: body.clear()
            case .body(var part): body.writeBuffer(&part)
            case .end:
                let lines = String(buffer: body).split(separator: "\n").map(String.init)
                let number = record.requests.withLock { requests in
                    requests.append(lines)
                    return requests.count - 1
                }
                context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(20)) {
                    self.write(self.answer(number, lines), context)
                }
            }
        }

        private func write(_ answer: Answer?, _ context: ChannelHandlerContext) {
            guard let answer else { return context.close(promise: nil) }
            var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status))
            head.headers.add(name: "Content-Length", value: "\(answer.body.utf8.count)")
            if let time = answer.retryAfter { head.headers.add(name: "Retry-After", value: time) }
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
