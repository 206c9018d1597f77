import ApusAPNs
import CoreMetrics
import Foundation
import Logging
import NIOPosix
import NIOSSL

/// The listeners of Apple's old binary protocol, as far as they are switched on.
final class LegacyAPNsListeners: Sendable {
    private let gateway: LegacyGatewayService?
    private let feedback: LegacyFeedbackService?
    private let allowsOldTLS: Bool

    /// nil if none is switched on.
    var isListening: Bool? {
        let states = [gateway?.isListening, feedback?.isListening].compactMap { $0 }
        return states.isEmpty ? nil : !states.contains(false)
    }
    var gatewayPort: Int? { gateway?.port }
    var feedbackPort: Int? { feedback?.port }

    private init(gateway: LegacyGatewayService?, feedback: LegacyFeedbackService?, allowsOldTLS: Bool) {
        self.gateway = gateway
        self.feedback = feedback
        self.allowsOldTLS = allowsOldTLS
    }

    static func bind(
        _ configuration: Configuration, material: TLSMaterial?, bridge: LegacyBridge,
        group: MultiThreadedEventLoopGroup, metrics: any MetricsFactory, logger: Logger
    ) async throws -> LegacyAPNsListeners {
        let own = configuration.legacyAPNs
        guard own.isOn, let material else {
            return LegacyAPNsListeners(gateway: nil, feedback: nil, allowsOldTLS: false)
        }
        var tls = material.legacy
        tls.allowsOldProtocols = own.allowsOldTLS
        tls.authority = try own.clientAuthority.map(authority)
        let (host, settings) = (configuration.server.host, LegacyGatewaySettings(own))
        let counters = LegacyGatewayMetrics(factory: metrics)
        var gateway: LegacyGatewayService?
        if let port = own.port {
            gateway = try await ApusServer.listening(on: host, port, key: "legacy_apns.port") {
                try await .bind(
                    host: host, port: port, group: group, tls: tls, backend: bridge, settings: settings,
                    metrics: counters, logger: logger)
            }
        }
        var feedback: LegacyFeedbackService?
        if let port = own.feedbackPort {
            feedback = try await ApusServer.listening(on: host, port, key: "legacy_apns.feedback_port") {
                try await .bind(
                    host: host, port: port, group: group, tls: tls, backend: bridge, settings: settings,
                    metrics: counters, logger: logger)
            }
        }
        return LegacyAPNsListeners(gateway: gateway, feedback: feedback, allowsOldTLS: own.allowsOldTLS)
    }

    private static func authority(_ path: String) throws -> LegacyClientAuthority {
        do {
            return try LegacyClientAuthority(pem: String(contentsOfFile: path, encoding: .utf8))
        } catch {
            throw StartingError(
                code: "unusable_certificate",
                description: "legacy_apns.client_ca: \(path) is not the PEM file of a certificate: \(error).")
        }
    }

    /// What connections are encrypted with from now on.
    func use(_ material: TLSMaterial, _ logger: Logger) {
        var tls = material.legacy
        tls.allowsOldProtocols = allowsOldTLS
        do {
            try gateway?.use(tls)
            try feedback?.use(tls)
        } catch {
            logger.error("the legacy APNs gateway keeps its certificate", metadata: ["reason": "\(error)"])
        }
    }

    /// Takes nothing more, and tells each client how far it came.
    func stop(within grace: Duration) async {
        try? await gateway?.close()
        try? await feedback?.close()
        await gateway?.drain(within: grace)
    }
}

extension TLSMaterial {
    var legacy: LegacyTLS { LegacyTLS(certificateChain: chain, privateKey: key) }
}
