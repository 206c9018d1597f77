import ApusCore
import Foundation
import NIOCore
import NIOSSL

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

    /// What `publicSettings` adds is there when a stored credential is read.
    private static let settingNames = ["topic", "environment", "keyId", "teamId", "host", "port", "ca", "expiresAt"]
    private static let secretNames = ["p8", "certificate", "passphrase"]

    init(_ credential: Credential) throws(ApusError) {
        let settings = try Self.members(ByteBuffer(string: credential.settings), known: Self.settingNames)
        let secret = try Self.members(ByteBuffer(bytes: credential.secret), known: Self.secretNames)
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
        guard Self.isPlain(topic) else {
            throw Self.error("topic", "The topic must be visible ASCII characters without spaces, not \"\(topic)\".")
        }
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
        guard let host = settings["host"] else {
            guard settings["ca"] == nil else { throw error("ca", "A ca is for another server: give its host, too.") }
            return environment.endpoint(port: port)
        }
        guard isPlain(host) else {
            throw error("host", "The host must be a name or an address, not \"\(host)\".")
        }
        guard let ca = settings["ca"] else { return APNsEndpoint(host: host, port: port) }
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(ca), !certificates.isEmpty else {
            throw error("ca", "The file \(ca) holds no certificates in PEM that the server can read.")
        }
        return APNsEndpoint(host: host, port: port, trustRoots: .file(ca))
    }

    private static func members(_ text: ByteBuffer, known: [String]) throws(ApusError) -> JSONMembers {
        let members: JSONMembers
        do {
            members = try JSONMembers(text)
        } catch {
            throw Self.error("settings", "Settings and secrets must be JSON objects of texts: \(error).")
        }
        if let name = members.names.first(where: { !known.contains($0) }) {
            throw error(name, "There is no \(name) here. There are: \(known.joined(separator: ", ")).")
        }
        return members
    }

    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private static func error(_ field: String, _ message: String) -> ApusError {
        ApusError(
            .invalid, code: "apns_credential_invalid", message,
            fields: [ApusError.Field(field, code: "invalid", message)])
    }
}
