import ApusCore
import Foundation
import NIOCore

/// An APNs credential as it is stored: `topic` and `environment`, `keyId` and `teamId` with a secret `p8`, or a secret
/// `certificate` (a PEM or PKCS #12 file in base 64) with its `passphrase`; and for a stand-in or a proxy `host`, `port`
/// and `ca`, a PEM file.
struct APNsLaneSettings {
    let topic: String
    let environment: APNsEnvironment
    private let endpoint: APNsEndpoint
    private let credentials: APNsCredentials
    /// What anybody may see.
    private(set) var publicSettings: JSONMembers

    var name: String { "\(topic) \(environment.rawValue)" }

    init(_ credential: Credential) throws(ApusError) {
        let settings = try Self.members(ByteBuffer(string: credential.settings))
        let secret = try Self.members(ByteBuffer(bytes: credential.secret))
        guard let environment = APNsEnvironment(rawValue: settings["environment"] ?? "production") else {
            throw Self.error("environment", "The environment must be production or sandbox.")
        }
        self.environment = environment
        credentials = try Self.credentials(settings, secret)
        var publicSettings = settings
        publicSettings["environment"] = environment.rawValue
        var topic = settings["topic"]
        if case .certificate(let certificate) = credentials {
            publicSettings["expiresAt"] = certificate.expiresAt.rfc3339
            topic = topic ?? certificate.userID
        }
        guard let topic else { throw Self.error("topic", "The topic is missing: the bundle id of the iOS app.") }
        self.topic = topic
        publicSettings["topic"] = topic
        self.publicSettings = publicSettings
        endpoint = try Self.endpoint(settings, environment)
    }

    func lane(name: String) -> APNsLane {
        APNsLane(name: name, environment: environment, credentials: credentials, endpoint: endpoint)
    }

    private static func credentials(
        _ settings: JSONMembers, _ secret: JSONMembers
    ) throws(ApusError) -> APNsCredentials {
        if let p8 = secret["p8"] {
            guard let keyID = settings["keyId"], let teamID = settings["teamId"] else {
                throw error("keyId", "A p8 key needs keyId and teamId, ten characters each.")
            }
            return try .token(p8: p8, keyID: keyID, teamID: teamID)
        }
        guard let text = secret["certificate"] else {
            throw error("p8", "A key (p8, keyId, teamId) or a certificate is needed.")
        }
        guard let file = Data(base64Encoded: text) else {
            throw error("certificate", "The certificate must be a PEM or PKCS #12 file in base 64.")
        }
        return try .certificate(pemOrP12: Array(file), passphrase: secret["passphrase"])
    }

    private static func endpoint(
        _ settings: JSONMembers, _ environment: APNsEnvironment
    ) throws(ApusError) -> APNsEndpoint {
        let port = settings["port"].map { Int($0) } ?? 443
        guard let port, (1...65_535).contains(port) else {
            throw error("port", "The port must be a number from 1 to 65535.")
        }
        guard let host = settings["host"] else { return environment.endpoint(port: port) }
        guard let ca = settings["ca"] else { return APNsEndpoint(host: host, port: port) }
        guard FileManager.default.isReadableFile(atPath: ca) else {
            throw error("ca", "The file \(ca) cannot be read by the server.")
        }
        return APNsEndpoint(host: host, port: port, trustRoots: .file(ca))
    }

    private static func members(_ text: ByteBuffer) throws(ApusError) -> JSONMembers {
        do {
            return try JSONMembers(text)
        } catch {
            throw Self.error("settings", "Settings and secrets must be JSON objects of texts: \(error).")
        }
    }

    private static func error(_ field: String, _ message: String) -> ApusError {
        ApusError(
            .invalid, code: "apns_credential_invalid", message,
            fields: [ApusError.Field(field, code: "invalid", message)])
    }
}
