import ApusCore
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Starts and stops Apus.
package enum ServerMain {
    /// Serves until the process is asked to stop (SIGTERM or SIGINT), then drains and returns.
    /// - Parameter banner: whether to print, once it serves, where it listens and what to type next.
    /// - Throws: what keeps it from starting, with what to do about it.
    package static func run(_ configuration: Configuration, banner: Bool) async throws {
        let server = try await ApusServer.start(configuration)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    ServiceGroupConfiguration.ServiceConfiguration(
                        service: RunningServer(server: server, banner: banner ? Banner.text(server) : nil))
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: server.logger))
        try await group.run()
    }

    /// Starts a server on a free loopback port, for a demonstration or a test.
    package static func startEphemeral(dataDirectory: String) async throws -> EphemeralServer {
        var configuration = Configuration()
        configuration.server.port = 0
        configuration.server.dataDirectory = dataDirectory
        configuration.server.adminToken = RandomToken.hex128()
        configuration.log.level = .warning
        return EphemeralServer(
            server: try await ApusServer.start(configuration), adminToken: configuration.server.adminToken ?? "")
    }
}

/// A server that ends with whoever started it.
package final class EphemeralServer: Sendable {
    private let server: ApusServer
    package let adminToken: String

    package var port: Int { server.port }

    init(server: ApusServer, adminToken: String) {
        self.server = server
        self.adminToken = adminToken
    }

    package func stop() async throws {
        try await server.stop()
    }
}

/// Runs maintenance as long as the server runs, and stops the server when the process is asked to.
private struct RunningServer: Service {
    let server: ApusServer
    let banner: String?

    func run() async throws {
        // From here on signals stop the server and no longer end the process.
        if let banner { print(banner) }
        await cancelWhenGracefulShutdown {
            async let centre: Void = server.centre.run()
            await server.maintenance.run()
            await centre
        }
        try await server.stop()
    }
}
