package import Logging
package import NIOCore

/// Listens for the binary protocol with which programs sent notifications to Apple until 2021 (seed 001).
package final class LegacyGatewayService: Sendable {
    package let port: Int
    private let listener: LegacyListener

    private init(_ listener: LegacyListener) {
        self.listener = listener
        port = listener.port
    }

    /// - Parameter port: 0 for any free one. Apple's was 2195.
    package static func bind(
        host: String, port: Int, group: any EventLoopGroup, tls: LegacyTLS, backend: any LegacyGatewayBackend,
        settings: LegacyGatewaySettings = LegacyGatewaySettings(), metrics: LegacyGatewayMetrics, logger: Logger
    ) async throws -> LegacyGatewayService {
        let shared = LegacyListener.Shared(
            directory: backend, authority: tls.authority, settings: settings, metrics: metrics, logger: logger
        ) { client, shared, eventLoop in
            LegacyGatewayHandler(client: client, backend: backend, shared, eventLoop: eventLoop)
        }
        return LegacyGatewayService(try await .bind(host: host, port: port, group: group, tls: tls, shared))
    }

    package var isListening: Bool { listener.isListening }

    /// What connections are encrypted with from now on.
    /// - Throws: what NIOSSL throws if certificate and key do not fit.
    package func use(_ tls: LegacyTLS) throws {
        try listener.use(tls)
    }

    /// Accepts no more connections. Those that are open stay.
    package func close() async throws {
        try await listener.close()
    }

    /// Ends each connection when the backend has taken what was handed over, and tells its client how far that is.
    /// Returns when all are closed or the time is up.
    package func drain(within grace: Duration) async {
        await listener.drain(within: grace)
    }
}
