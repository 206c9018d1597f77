package import ApusCore
package import Logging
import NIOCore
import NIOSSL
import Synchronization

/// What stands behind the binary gateway and its feedback service: each notification becomes an Apus message for the
/// device with its token, so it is on disk before it is accepted, and goes to APNs like every other.
package final class LegacyBridge: LegacyGatewayBackend, LegacyFeedbackBackend, CredentialHolder {
    package let route = Route(rawValue: "legacy-apns")
    private let dispatcher: Dispatcher
    private let apps: AppRegistry
    /// Addresses whose programs need no certificate, and the ids of their apps.
    private let allowed: [String: String]
    private let defaultTimeToLive: Int64
    private let logger: Logger
    /// By the fingerprints of their certificates.
    private let clients = Mutex<[String: LegacyClient]>([:])

    /// - Parameters:
    ///   - allowed: addresses whose programs need no certificate, and the ids of the apps that they send for.
    ///   - defaultTimeToLive: in seconds, for notifications that say nothing of it.
    package init(
        dispatcher: Dispatcher, apps: AppRegistry, allowed: [String: String], defaultTimeToLive: Int64,
        logger: Logger
    ) {
        self.dispatcher = dispatcher
        self.apps = apps
        self.allowed = allowed
        self.defaultTimeToLive = defaultTimeToLive
        self.logger = logger
    }

    // MARK: Clients

    package func client(for peer: LegacyPeer) -> LegacyClient? {
        if let certificate = peer.certificate {
            if let known = clients.withLock({ $0[certificate.fingerprintText] }) { return known }
            // The user id in a certificate of the gateway's own authority is the app's public id.
            if certificate.isIssuedByAuthority, let app = certificate.userID.flatMap({ apps[$0] }) {
                return LegacyClient(app: app.number, name: app.id)
            }
        }
        guard var address = peer.address?.ipAddress else { return nil }
        // A listener on :: sees addresses of IPv4 so (RFC 4291 §2.5.5.2).
        if address.hasPrefix("::ffff:") { address.removeFirst("::ffff:".count) }
        guard let app = allowed[address].flatMap({ apps[$0] }) else { return nil }
        return LegacyClient(app: app.number, name: app.id)
    }

    /// A client's certificate, PEM, in `certificate`; its name is its fingerprint.
    package func checked(_ credential: Credential) throws(ApusError) -> Credential {
        let fingerprint = try LegacyPeer.fingerprint(ofCredential: credential)
        var settings = JSONMembers()
        settings["fingerprint"] = fingerprint
        return Credential(
            app: credential.app, appID: credential.appID, route: route, name: fingerprint, settings: settings.text,
            secret: Array("{}".utf8), createdAt: credential.createdAt)
    }

    package func use(_ credentials: [Credential]) async {
        var known: [String: LegacyClient] = [:]
        for credential in credentials {
            known[credential.name] = LegacyClient(app: credential.app, name: credential.appID)
        }
        let byFingerprint = known
        clients.withLock { $0 = byFingerprint }
    }

    // MARK: Notifications

    package func accept(
        _ notification: LegacyNotification, from client: LegacyClient,
        completion: @escaping @Sendable (Result<Void, LegacyGatewayError>) -> Void
    ) {
        guard let app = apps[client.name] else { return completion(.failure(.rejected(.missingTopic))) }
        let token = Hex.encode(notification.token)
        var request = PushRequest(
            app: app.number, appID: app.id, audience: Audience(.device),
            content: MessageContent(
                alert: LegacyPayload.alert(notification.payload), apns: APNsOptions.json(notification)),
            timeToLive: timeToLive(notification), origin: Origin(.app(app.id)))
        request.newDevice = DeviceRegistration(app: app.number, alias: token, platform: .ios, nativeToken: token)
        do throws(ApusError) {
            try dispatcher.submit(AcceptOperation(request, receiver: LegacyReceiver(completion), token: 0))
        } catch {
            completion(.failure(.unavailable))
        }
    }

    /// 0 is not to be stored: a minute is as short as it can be sent in good order.
    private func timeToLive(_ notification: LegacyNotification) -> Int64 {
        guard let expiration = notification.expiration else { return defaultTimeToLive }
        return max(60, Int64(expiration) - dispatcher.clock.now.milliseconds / 1000)
    }

    // MARK: Feedback

    package func pendingFeedback(
        for client: LegacyClient, after position: Int64, limit: Int,
        completion: @escaping @Sendable (Result<[LegacyFeedback], any Error>) -> Void
    ) {
        dispatcher.query({ try $0.deadTokens(of: client.app, route: .apns, after: position, limit: limit) }) { result in
            completion(result.map { $0.compactMap(LegacyFeedback.init) })
        }
    }

    package func clearFeedback(for client: LegacyClient, upTo position: Int64) {
        let (dispatcher, logger) = (dispatcher, logger)
        Task {
            do {
                try await dispatcher.update {
                    try $0.removeDeadTokens(of: client.app, route: .apns, upTo: position)
                }
            } catch {
                logger.warning("feedback was told and could not be cleared: it will be told again")
            }
        }
    }
}

/// Tells the gateway when a notification is on disk.
private final class LegacyReceiver: AcceptanceReceiver {
    let shard = 0
    private let completion: @Sendable (Result<Void, LegacyGatewayError>) -> Void

    init(_ completion: @escaping @Sendable (Result<Void, LegacyGatewayError>) -> Void) {
        self.completion = completion
    }

    func accepted(_ result: Result<Acceptance, ApusError>, token: Int) {
        completion(result.map { _ in }.mapError { _ in .unavailable })
    }
}

extension LegacyFeedback {
    /// - Returns: nil for a token that is not of APNs.
    init?(_ dead: DeadToken) {
        guard let bytes = Hex.decode(APNsToken(dead.token).hex) else { return nil }
        self.init(token: bytes, time: dead.at, position: dead.position)
    }
}

extension LegacyPayload {
    /// The text that a payload shows, for who looks at the message here; empty if there is none.
    static func alert(_ payload: ByteBuffer) -> String {
        var alert: String?
        try? JSONScanner.withObject(in: payload) { scanner in
            while let key = try scanner.nextKey() {
                guard key == "aps", try scanner.kind() == .object else {
                    try scanner.skipValue()
                    continue
                }
                try scanner.beginObject()
                while let member = try scanner.nextKey() {
                    if member == "alert" { alert = try text(&scanner) } else { try scanner.skipValue() }
                }
            }
        }
        return alert ?? ""
    }

    /// A text, or the `body` of a dictionary.
    private static func text(_ scanner: inout JSONScanner) throws -> String? {
        switch try scanner.kind() {
        case .string: return try scanner.string()
        case .object:
            var body: String?
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                if key == "body", try scanner.kind() == .string {
                    body = try scanner.string()
                } else {
                    try scanner.skipValue()
                }
            }
            return body
        default:
            try scanner.skipValue()
            return nil
        }
    }
}

extension LegacyPeer {
    /// The SHA-256 fingerprint of the certificate in a credential.
    fileprivate static func fingerprint(ofCredential credential: Credential) throws(ApusError) -> String {
        let invalid = ApusError(
            .invalid, code: "legacy_client_invalid",
            "The client's certificate must be given as PEM: -----BEGIN CERTIFICATE-----.")
        guard let members = try? JSONMembers(ByteBuffer(string: credential.settings)),
            let pem = members["certificate"]
        else { throw invalid }
        do {
            let certificate = try NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem)
            return try Certificate(certificate, authority: nil).fingerprintText
        } catch {
            throw invalid
        }
    }
}
