package import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL

/// An honest stand-in for Apple's push service: the HTTP/2 provider API with its rules, limits and faults.
package final class APNsSimulator: Sendable {
    /// What came of the requests.
    package var journal: APNsJournal { shared.journal }
    package let port: Int
    /// The port of the control interface.
    package let controlPort: Int?
    /// The certificate to trust, as PEM: the authority's, or the one that was given.
    package let certificate: String

    private let shared: APNsSimulatorContext
    private let channels: [any Channel]

    private init(
        channel: any Channel, control: (any Channel)?, certificate: String, shared: APNsSimulatorContext
    ) {
        port = channel.localAddress?.port ?? 0
        controlPort = control?.localAddress?.port
        channels = [channel] + (control.map { [$0] } ?? [])
        self.certificate = certificate
        self.shared = shared
    }

    /// Binds the service and its control interface.
    ///
    /// - Throws: `APNsSimulatorError`, or what NIO throws if a certificate is unusable or a port is taken.
    package static func start(
        _ configuration: APNsSimulatorConfiguration, group: any EventLoopGroup
    ) async throws -> APNsSimulator {
        let shared = try APNsSimulatorContext(configuration)
        let (identity, certificate) = try configuration.makeIdentity()
        let tls = try NIOSSLContext(configuration: .simulator(identity))
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try shared.addHandlers(to: channel, tls) }
            }
            .bind(host: configuration.host, port: configuration.port).get()
        guard let controlPort = configuration.controlPort else {
            return APNsSimulator(channel: channel, control: nil, certificate: certificate, shared: shared)
        }
        do {
            let control = try await APNsControlHandler.bind(port: controlPort, shared, group)
            return APNsSimulator(channel: channel, control: control, certificate: certificate, shared: shared)
        } catch {
            try await channel.close()
            throw error
        }
    }

    package var behaviour: APNsBehaviour { shared.behaviour }

    /// Changes the behaviour. When it returns, all connections have been told.
    package func change(_ change: (inout APNsBehaviour) -> Void) async {
        await shared.change(change)
    }

    /// Sends GOAWAY on all connections. What has come in is still answered.
    package func sendGoAway() async {
        await shared.forEachConnection { $0.sendGoAway() }
    }

    /// Resets all connections.
    package func resetConnections() async {
        await shared.forEachConnection { $0.reset() }
    }

    /// Closes everything.
    package func stop() async throws {
        for channel in channels { try await channel.close() }
        await shared.forEachConnection { $0.close() }
    }
}
