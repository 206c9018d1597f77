import ApusCore
import NIOCore
package import NIOPosix
import NIOSSL

/// Listens for XMPP clients, and for components if they may attach.
package final class XMPPService: Sendable {
    /// Where to listen; nil for not at all, 0 for any free port.
    package struct Ports: Sendable {
        package var client: Int?
        package var directTLS: Int?
        package var component: Int?

        package init(client: Int?, directTLS: Int? = nil, component: Int? = nil) {
            self.client = client
            self.directTLS = directTLS
            self.component = component
        }
    }

    private let channels: [any Channel]
    private let loops: [XMPPLoop]
    /// Where it listens.
    package let ports: Ports

    private init(channels: [any Channel], loops: [XMPPLoop], ports: Ports) {
        self.channels = channels
        self.loops = loops
        self.ports = ports
    }

    /// - Parameter group: the event loops, the same and in the same order as the dispatcher's shards.
    package static func bind(
        host: String, ports: Ports, group: MultiThreadedEventLoopGroup, shared: XMPPServerContext
    ) async throws -> XMPPService {
        let loops = shared.dispatcher.shards.map { XMPPLoop(shard: $0) }
        let bind = { (port: Int?, key: String, handlers: @escaping HandlersOfConnection) -> (any Channel)? in
            guard let port else { return nil }
            do {
                return try await listen(host: host, port: port, group, loops, shared, handlers)
            } catch {
                throw BindingError(key: key, port: port, cause: error)
            }
        }
        let client = try await bind(ports.client, "port") { [XMPPHandler(shared, loop: $0, isEncrypted: false)] }
        let direct = try await bind(ports.directTLS, "tls_port") { loop in
            guard let tls = shared.tls else { return [] }
            return QuietBuffers.handlers(around: NIOSSLServerHandler(context: tls.value)) + [
                XMPPHandler(shared, loop: loop, isEncrypted: true)
            ]
        }
        let component = try await bind(ports.component, "component_port") { [ComponentHandler(shared, loop: $0)] }
        return XMPPService(
            channels: [client, direct, component].compactMap { $0 }, loops: loops,
            ports: Ports(
                client: client?.localAddress?.port, directTLS: direct?.localAddress?.port,
                component: component?.localAddress?.port))
    }

    /// One of the ports cannot be listened on.
    package struct BindingError: Error {
        /// The name of the setting.
        package let key: String
        package let port: Int
        package let cause: any Error
    }

    private typealias HandlersOfConnection = @Sendable (XMPPLoop) throws -> [any ChannelHandler]

    private static func listen(
        host: String, port: Int, _ group: MultiThreadedEventLoopGroup, _ loops: [XMPPLoop],
        _ shared: XMPPServerContext, _ handlers: @escaping HandlersOfConnection
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptLimiter(shared.budget))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A peer that is gone without a word is found out at last, even if nobody writes to it.
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 512))
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(.allocator, value: shared.tls == nil ? ByteBufferAllocator() : .pages)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = loops.first(where: { $0.shard.eventLoop === channel.eventLoop }) else {
                        preconditionFailure("the XMPP service runs on the dispatcher's event loops")
                    }
                    try shared.addresses.admit(channel)
                    for handler in try handlers(loop) {
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
            }
            .bind(host: host, port: port).get()
    }

    package var isListening: Bool { channels.allSatisfy(\.isActive) }

    /// Accepts no more connections. Those that are open stay.
    package func close() async throws {
        for channel in channels { try await channel.close() }
    }

    /// Closes the connections that have no session of the core's, which closes its own.
    package func drain() {
        for loop in loops { loop.shard.eventLoop.execute { loop.drain() } }
    }
}

extension AddressLimits {
    /// - Throws: if the channel's address has as many connections as it may.
    fileprivate func admit(_ channel: any Channel) throws {
        guard limitsConnections, let address = channel.remoteAddress?.ipAddress else { return }
        guard opened(from: address) else { throw TooManyConnections() }
        channel.closeFuture.whenComplete { _ in self.closed(from: address) }
    }

    private struct TooManyConnections: Error {}
}
