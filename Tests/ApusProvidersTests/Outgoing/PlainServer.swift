import NIOCore
import NIOPosix
import Synchronization

/// A TCP server on loopback that answers whatever comes with the same bytes, and keeps what came.
final class PlainServer: Sendable {
    enum Answer: Sendable {
        case text(String)
        /// At the first bytes of a request, and closes.
        case early(String)
        case silence
        case close
    }

    private struct Record {
        var received = ""
        var connections = 0
        var openConnections = 0
    }

    private let channel: any Channel
    private let record: Shared

    private final class Shared: Sendable {
        let record = Mutex(Record())
    }

    private init(_ channel: any Channel, _ record: Shared) {
        self.channel = channel
        self.record = record
    }

    var port: Int { channel.localAddress?.port ?? 0 }
    var url: String { "http://127.0.0.1:\(port)/path" }
    var received: String { record.record.withLock { $0.received } }
    var connections: Int { record.record.withLock { $0.connections } }
    var openConnections: Int { record.record.withLock { $0.openConnections } }

    static func start(_ answer: Answer) async throws -> PlainServer {
        let record = Shared()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(answer, record))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return PlainServer(channel, record)
    }

    func stop() async throws {
        try? await channel.close()
    }

    // SAFETY: touched on its channel's event loop only.
    private final class Handler: ChannelInboundHandler, @unchecked Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: Answer
        private let shared: Shared
        private var request = ByteBuffer()

        init(_ answer: Answer, _ shared: Shared) {
            self.answer = answer
            self.shared = shared
        }

        /// Whether the body has come as long as the head says.
        private var isComplete: Bool {
            let parts = String(decoding: request.readableBytesView, as: Unicode.ASCII.self).split(
                separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return false }
            let length = parts[0].lowercased().split(separator: "content-length: ").dropFirst().first?
                .prefix { $0.isNumber }
            return parts[1].unicodeScalars.count >= length.flatMap { Int($0) } ?? 0
        }

        func channelActive(context: ChannelHandlerContext) {
            shared.record.withLock {
                $0.connections += 1
                $0.openConnections += 1
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            shared.record.withLock { $0.openConnections -= 1 }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            request.writeImmutableBuffer(bytes)
            shared.record.withLock { $0.received += String(buffer: bytes) }
            if case .early(let text) = answer {
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                return context.close(promise: nil)
            }
            guard isComplete else { return }
            request.clear()
            switch answer {
            case .text(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .close: context.close(promise: nil)
            case .silence, .early: break
            }
        }
    }
}
