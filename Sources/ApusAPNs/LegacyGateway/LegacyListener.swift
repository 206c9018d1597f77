import ApusCore
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Accepts TLS connections of clients that are known, for the gateway and for feedback.
final class LegacyListener: Sendable {
    /// What all connections of a listener share.
    struct Shared: Sendable {
        let directory: any LegacyClientDirectory
        let authority: LegacyClientAuthority?
        let settings: LegacyGatewaySettings
        let metrics: LegacyGatewayMetrics
        let logger: Logger
        /// Makes the handler that serves a client.
        let makeHandler: @Sendable (LegacyClient, Shared, any EventLoop) -> any ChannelHandler
    }

    /// An event for the handlers of connections: the server stops.
    struct Draining: Sendable {}

    private final class OpenChannels: Sendable {
        private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

        var all: [any Channel] { channels.withLock { Array($0.values) } }

        /// - Returns: false if there are as many as may be.
        func add(_ channel: any Channel, most: Int) -> Bool {
            let id = ObjectIdentifier(channel)
            let isAdded = channels.withLock { channels in
                guard channels.count < most else { return false }
                channels[id] = channel
                return true
            }
            if isAdded {
                channel.closeFuture.whenComplete { _ in _ = self.channels.withLock { $0.removeValue(forKey: id) } }
            }
            return isAdded
        }
    }

    private let channel: any Channel
    private let open: OpenChannels
    private let context: Reloadable<NIOSSLContext>

    var isListening: Bool { channel.isActive }
    var port: Int { channel.localAddress?.port ?? 0 }

    private init(_ channel: any Channel, _ open: OpenChannels, _ context: Reloadable<NIOSSLContext>) {
        self.channel = channel
        self.open = open
        self.context = context
    }

    /// - Parameter port: 0 for any free one.
    static func bind(
        host: String, port: Int, group: any EventLoopGroup, tls: LegacyTLS, _ shared: Shared
    ) async throws -> LegacyListener {
        let context = Reloadable(try tls.makeContext())
        let open = OpenChannels()
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Connections may be silent for hours: this finds out about those whose client is gone.
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Clients write, close, and must still be heard.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16 * 1024))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                guard open.add(channel, most: shared.settings.connections) else {
                    shared.logger.warning("Legacy APNs gateway: There are too many connections, one was closed.")
                    return channel.close()
                }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        LegacyTLS.makeHandler(context.value), LegacyHandshakeHandler(shared))
                }
            }
            .bind(host: host, port: port).get()
        return LegacyListener(channel, open, context)
    }

    /// What connections are encrypted with from now on. Whose clients' certificates are its own stays as it is.
    /// - Throws: what NIOSSL throws if certificate and key do not fit.
    func use(_ tls: LegacyTLS) throws {
        context.replace(with: try tls.makeContext())
    }

    /// Accepts no more connections. Those that are open stay.
    func close() async throws {
        try await channel.close()
    }

    /// Tells all connections that the server stops, and returns when they are closed or the time is up.
    func drain(within grace: Duration) async {
        for channel in open.all { channel.pipeline.fireUserInboundEventTriggered(Draining()) }
        let deadline = ContinuousClock.now + grace
        while !open.all.isEmpty, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(10))
        }
        for channel in open.all { channel.close(promise: nil) }
    }
}
