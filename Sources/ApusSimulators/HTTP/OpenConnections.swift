import NIOCore
import NIOPosix
import Synchronization

/// A port on loopback and the connections to it, so that all of them can be closed.
final class OpenConnections: Sendable {
    /// Further connections are closed at once.
    private static let limit = 10_000

    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    /// - Parameter configure: adds the handlers of a connection.
    func bind(
        port: Int, group: any EventLoopGroup, _ configure: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard self.add(channel) else { throw ChannelError.ioOnClosedChannel }
                    try configure(channel)
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
    }

    func close() {
        for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }

    private func add(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isTaken = channels.withLock { channels in
            guard channels.count < Self.limit else { return false }
            channels[id] = channel
            return true
        }
        if isTaken {
            channel.closeFuture.whenComplete { _ in self.channels.withLock { $0[id] = nil } }
        }
        return isTaken
    }
}
