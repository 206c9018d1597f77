import NIOCore
import NIOPosix

/// Opens connections, without handlers. An XMPP server is silent until we open the stream, so none of it is missed.
protocol StreamDialing: Sendable {
    func connect(to endpoint: StreamEndpoint) -> EventLoopFuture<any Channel>
}

/// Opens TCP connections on one event loop.
struct StreamDialer: StreamDialing {
    /// Bytes that wait to be sent before no more stanzas are taken, and when they are again.
    private static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 64 * 1024, high: 256 * 1024)

    let eventLoop: any EventLoop
    let timeout: TimeAmount
    /// Where an endpoint names no port.
    let usualPort: Int

    func connect(to endpoint: StreamEndpoint) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.writeBufferWaterMark, value: Self.waterMark)
            .connect(host: endpoint.host, port: endpoint.port ?? usualPort)
    }
}

extension SocketAddress {
    /// Whether it is this machine that is there. A socket in the file system has no IP address.
    var isLoopback: Bool {
        guard let ipAddress else { return true }
        return ipAddress == "::1" || ["127.", "::ffff:127."].contains { ipAddress.hasPrefix($0) }
    }
}
