package import ApusCore
package import NIOCore
import NIOHTTP1
import NIOPosix

/// An honest stand-in for a push service (RFC 8030) on loopback, with the devices that subscribed with it: it checks
/// what real ones check, and decrypts what comes.
package final class WebPushSimulator: Sendable {
    package let port: Int
    package var origin: String { "http://127.0.0.1:\(port)" }

    private let channel: any Channel
    private let state: WebPushSimulatorState

    private init(_ channel: any Channel, _ state: WebPushSimulatorState) {
        self.channel = channel
        self.state = state
        port = channel.localAddress?.port ?? 0
    }

    /// - Parameters:
    ///   - port: 0 is any free one.
    ///   - remembered: how many messages of a subscription are kept, the latest.
    package static func start(
        port: Int = 0, clock: any Clock = SystemClock(), remembered: Int = 1000, group: any EventLoopGroup
    ) async throws -> WebPushSimulator {
        let state = WebPushSimulatorState(clock: clock, remembered: remembered)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                state.add(channel)
                return channel.eventLoop.makeCompletedFuture {
                    let origin = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
                    // Pipelined requests wait for their turn.
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(WebPushSimulatorHandler(state, origin: origin))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return WebPushSimulator(channel, state)
    }

    /// Subscribes a device.
    /// - Parameter requiredKey: the only VAPID key that may send to it.
    /// - Returns: its id, and what `PushSubscription.toJSON()` would give.
    package func subscribe(requiredKey: String? = nil) -> (id: String, json: String) {
        let id = state.subscribe(requiredKey: requiredKey)
        return (id, state.json(of: id, origin: origin) ?? "")
    }

    /// The last requests for a subscription, oldest first. Those that were answered on demand are not among them.
    package func messages(for id: String) -> [WebPushSimulatorMessage] {
        state.messages(for: id) ?? []
    }

    /// - Parameter answer: nil for honest ones.
    package func setAnswer(_ answer: WebPushSimulatorAnswer?, for id: String) {
        _ = state.setAnswer(answer, for: id)
    }

    /// The device has gone: 410 from now on.
    package func unsubscribe(_ id: String) {
        _ = state.unsubscribe(id)
    }

    /// Ends all connections, too.
    package func stop() async throws {
        try await channel.close()
        state.closeConnections()
    }
}
