package import Logging
package import NIOCore

/// Listens for programs that ask which tokens are dead, as Apple's feedback service did (seed 001).
package final class LegacyFeedbackService: Sendable {
    package let port: Int
    private let listener: LegacyListener

    private init(_ listener: LegacyListener) {
        self.listener = listener
        port = listener.port
    }

    /// - Parameter port: 0 for any free one. Apple's was 2196.
    package static func bind(
        host: String, port: Int, group: any EventLoopGroup, tls: LegacyTLS, backend: any LegacyFeedbackBackend,
        settings: LegacyGatewaySettings = LegacyGatewaySettings(), metrics: LegacyGatewayMetrics, logger: Logger
    ) async throws -> LegacyFeedbackService {
        let shared = LegacyListener.Shared(
            directory: backend, authority: tls.authority, settings: settings, metrics: metrics, logger: logger
        ) { client, shared, eventLoop in
            LegacyFeedbackHandler(client: client, backend: backend, shared, eventLoop: eventLoop)
        }
        return LegacyFeedbackService(try await .bind(host: host, port: port, group: group, tls: tls, shared))
    }

    package var isListening: Bool { listener.isListening }

    /// What connections are encrypted with from now on.
    /// - Throws: what NIOSSL throws if certificate and key do not fit.
    package func use(_ tls: LegacyTLS) throws {
        try listener.use(tls)
    }

    /// Accepts no more connections, and closes those that are open. What they have not received yet stays feedback.
    package func close() async throws {
        try await listener.close()
        await listener.drain(within: .zero)
    }
}
