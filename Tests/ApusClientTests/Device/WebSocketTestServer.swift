import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// A WebSocket server on a free loopback port whose connections are played by the test.
struct WebSocketTestServer {
    typealias Channel = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    let port: Int
    /// The connections, in the order in which they are made.
    let connections: Connections
    private let listener: any NIOCore.Channel

    static func start() async throws -> WebSocketTestServer {
        let (stream, continuation) = AsyncStream.makeStream(of: Connection.self)
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let upgrader = NIOTypedWebSocketServerUpgrader<Void>(
                        shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
                        upgradePipelineHandler: { channel, head in
                            channel.eventLoop.makeCompletedFuture {
                                let wrapped = try Channel(wrappingChannelSynchronously: channel)
                                continuation.yield(Connection(uri: head.uri, channel: wrapped))
                            }
                        })
                    _ = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
                        configuration: .init(
                            upgradeConfiguration: .init(upgraders: [upgrader]) { channel in channel.close() }))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return WebSocketTestServer(
            port: listener.localAddress?.port ?? 0, connections: Connections(stream), listener: listener)
    }

    func stop() async throws {
        try await listener.close()
    }
}

/// Hands out connections one by one.
actor Connections {
    private var iterator: AsyncStream<Connection>.Iterator

    init(_ stream: AsyncStream<Connection>) {
        iterator = stream.makeAsyncIterator()
    }

    func next() async throws -> Connection {
        var iterator = self.iterator
        let connection = await iterator.next(isolation: self)
        self.iterator = iterator
        guard let connection else { throw NoMoreConnections() }
        return connection
    }
}

struct NoMoreConnections: Error {}

/// One connection, played line by line.
struct Connection {
    /// The target of the request that opened it.
    let uri: String
    let channel: WebSocketTestServer.Channel

    /// Plays the server's part; the connection is closed at its end.
    func play(_ part: (Script) async throws -> Void) async throws {
        try await channel.executeThenClose { inbound, outbound in
            try await part(Script(inbound: inbound, outbound: outbound))
        }
    }

    final class Script {
        private var inbound: NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator
        private let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>

        init(
            inbound: NIOAsyncChannelInboundStream<WebSocketFrame>,
            outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
        ) {
            self.inbound = inbound.makeAsyncIterator()
            self.outbound = outbound
        }

        func send(_ text: String) async throws {
            try await outbound.write(WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text)))
        }

        func ping(_ text: String) async throws {
            try await outbound.write(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer(string: text)))
        }

        func close(_ code: Int, _ reason: String) async throws {
            var data = ByteBuffer()
            data.write(webSocketErrorCode: WebSocketErrorCode(codeNumber: code))
            data.writeString(reason)
            try await outbound.write(WebSocketFrame(fin: true, opcode: .connectionClose, data: data))
        }

        /// The next frame that is not a heartbeat, as `opcode text`; `nil` at the end of the connection.
        func receive() async throws -> String? {
            while let frame = try await inbound.next() {
                let text = String(buffer: frame.unmaskedData)
                switch frame.opcode {
                case .text where text == "HBT": try await send("ACK1")
                case .text: return text
                case .pong: return "pong \(text)"
                case .connectionClose:
                    var data = frame.unmaskedData
                    return "close \(data.readInteger(as: UInt16.self) ?? 0)"
                default: return "\(frame.opcode)"
                }
            }
            return nil
        }
    }
}
