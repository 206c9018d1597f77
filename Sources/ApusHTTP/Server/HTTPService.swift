import ApusCore
import NIOCore
package import NIOPosix
import NIOSSL

/// Listens for HTTP and WebSocket connections on one port.
package final class HTTPService: Sendable {
    private let channel: any Channel
    private let loops: LoopConnections
    private let shared: HTTPServerContext

    package let port: Int

    private init(channel: any Channel, loops: LoopConnections, shared: HTTPServerContext) {
        self.channel = channel
        self.loops = loops
        self.shared = shared
        port = channel.localAddress?.port ?? 0
    }

    /// - Parameters:
    ///   - group: the event loops, the same and in the same order as the dispatcher's shards.
    ///   - port: 0 for any free one.
    package static func bind(
        host: String, port: Int, group: MultiThreadedEventLoopGroup, shared: HTTPServerContext
    ) async throws -> HTTPService {
        let loops = LoopConnections(shared)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptLimiter(shared.budget))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1024))
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(.allocator, value: shared.tls == nil ? ByteBufferAllocator() : .pages)
            .childChannelInitializer { channel in
                let (shard, connections) = loops.of(channel.eventLoop)
                return channel.eventLoop.makeCompletedFuture {
                    if let tls = shared.tls {
                        try channel.pipeline.syncOperations.addHandler(PlainRequestRefusal())
                        try channel.pipeline.syncOperations.addHandlers(
                            QuietBuffers.handlers(around: NIOSSLServerHandler(context: tls.value)))
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        HTTPConnectionHandler(shared, connections: connections, shard: shard))
                }
            }
        let channel = try await bootstrap.bind(host: host, port: port).get()
        return HTTPService(channel: channel, loops: loops, shared: shared)
    }

    package var isListening: Bool { channel.isActive }

    /// Accepts no more connections. Those that are open stay.
    package func close() async throws {
        try await channel.close()
    }

    /// Lets each connection take its last answer or its close frame, and returns when all are closed or the time is up.
    package func drain(within grace: Duration) async {
        for (loop, connections) in loops.all { loop.execute { connections.drain() } }
        let deadline = ContinuousClock.now + grace
        while shared.budget.count > 0, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// Finds what belongs to an event loop.
private final class LoopConnections: Sendable {
    private let byLoop: [ObjectIdentifier: (shard: Int, connections: HTTPConnections)]
    let all: [(loop: any EventLoop, connections: HTTPConnections)]

    init(_ shared: HTTPServerContext) {
        var byLoop: [ObjectIdentifier: (shard: Int, connections: HTTPConnections)] = [:]
        for shard in shared.dispatcher.shards {
            byLoop[ObjectIdentifier(shard.eventLoop)] = (
                shard.index, HTTPConnections(eventLoop: shard.eventLoop, idleTime: shared.limits.idleTime)
            )
        }
        self.byLoop = byLoop
        all = shared.dispatcher.shards.map { ($0.eventLoop, byLoop[ObjectIdentifier($0.eventLoop)]!.connections) }
    }

    func of(_ eventLoop: any EventLoop) -> (shard: Int, connections: HTTPConnections) {
        guard let found = byLoop[ObjectIdentifier(eventLoop)] else {
            preconditionFailure("the HTTP service runs on the dispatcher's event loops")
        }
        return found
    }
}
