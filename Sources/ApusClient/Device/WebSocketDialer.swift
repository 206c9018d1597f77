import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

typealias WebSocketChannel = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

/// The server answered the request for a WebSocket with something else.
struct WebSocketRefusedError: Error {}

/// Opens WebSockets (RFC 6455).
enum WebSocketDialer {
    private static let timeout = TimeAmount.seconds(10)
    private static let largestMessage = 4 << 20

    /// Connects and upgrades, each within ten seconds. Messages that come in several frames are put together.
    static func open(_ server: ServerAddress, target: String) async throws -> WebSocketChannel {
        let tls = try server.tls.map { try NIOSSLContext(configuration: $0) }
        let upgrade = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(timeout)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .connect(host: server.host, port: server.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: server.serverName))
                    }
                    var pipeline = NIOUpgradableHTTPClientPipelineConfiguration(
                        upgradeConfiguration: configuration(server, target))
                    // What comes together with the server's 101 is the first message.
                    pipeline.leftOverBytesStrategy = .forwardBytes
                    let upgrade = try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
                        configuration: pipeline)
                    let deadline = channel.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
                    upgrade.whenComplete { _ in deadline.cancel() }
                    return upgrade
                }
            }
        return try await upgrade.get()
    }

    private static func configuration(
        _ server: ServerAddress, _ target: String
    ) -> NIOTypedHTTPClientUpgradeConfiguration<WebSocketChannel> {
        let upgrader = NIOTypedWebSocketClientUpgrader(maxFrameSize: largestMessage) { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(
                    NIOWebSocketFrameAggregator(
                        minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 4096,
                        maxAccumulatedFrameSize: largestMessage))
                return try WebSocketChannel(wrappingChannelSynchronously: channel)
            }
        }
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: target,
            headers: ["Host": server.authority, "Content-Length": "0"])
        return NIOTypedHTTPClientUpgradeConfiguration(upgradeRequestHead: head, upgraders: [upgrader]) { channel in
            channel.close().flatMapThrowing { throw WebSocketRefusedError() }
        }
    }
}

extension WebSocketFrame {
    /// A client's frame; RFC 6455 §5.3 wants it masked.
    static func fromClient(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
    }

    static func close(_ code: WebSocketErrorCode) -> WebSocketFrame {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        return fromClient(.connectionClose, data)
    }
}
