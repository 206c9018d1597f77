import ApusCore
import Crypto
import CryptoExtras
import NIOCore
import NIOHTTP1

/// An FCM credential as it is stored: `endpoint` and `requestsPerMinute`, with the file of a service account, as Google
/// lets it be downloaded, as its secret. An app has one for all platforms.
struct FCMCredential: Sendable {
    static let name = "default"

    /// What Google writes into the file of a service account.
    private static let fileMembers = [
        "type", "project_id", "private_key_id", "private_key", "client_email", "client_id", "auth_uri", "token_uri",
        "auth_provider_x509_cert_url", "client_x509_cert_url", "universe_domain",
    ]
    private static let scope = "https://www.googleapis.com/auth/firebase.messaging"
    /// Seconds; more is not allowed.
    private static let validity: Int64 = 3600

    let projectID: String
    let requestsPerMinute: Int?
    let publicSettings: JSONMembers
    private let endpoint: String
    private let email: String
    private let keyID: String
    private let key: _RSA.Signing.PrivateKey
    private let tokenAddress: WebAddress
    private let tokenURI: String

    init(_ credential: Credential) throws(ApusError) {
        let fields = try CredentialFields(
            credential, ofVendor: FCMVendor.route, settings: ["projectId"], secrets: Self.fileMembers)
        projectID = try fields.key("project_id", "The service account's project")
        email = try fields.required("client_email", "The service account's name")
        keyID = try fields.required("private_key_id", "The id of the service account's key")
        tokenURI = try fields.required("token_uri", "The URL that gives access tokens")
        tokenAddress = try fields.address("token_uri", default: "")
        let pem = try fields.required("private_key", "The service account's key")
        guard let key = try? _RSA.Signing.PrivateKey(pemRepresentation: pem) else {
            throw fields.error("private_key", "The private_key is no RSA key in PEM. Take the file as Google gave it.")
        }
        self.key = key
        endpoint = try fields.endpoint(default: "https://fcm.googleapis.com")
        // What Google lets projects send.
        requestsPerMinute = try fields.requestsPerMinute(default: 600_000)
        var settings = credential.members
        settings["projectId"] = projectID
        publicSettings = settings
    }

    var sendAddress: WebAddress? { try? WebAddress("\(endpoint)/v1/projects/\(projectID)/messages:send") }

    /// Asks for an access token (RFC 7523 §2.1).
    func tokenRequest(at now: Timestamp) throws -> OutgoingRequest {
        var request = OutgoingRequest(to: tokenAddress)
        request.headers = ["content-type": "application/x-www-form-urlencoded"]
        let assertion = try assertion(at: now)
        request.body = ByteBuffer(
            string: "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=\(assertion)")
        request.isTrusted = true
        request.bodyLimit = 16 * 1024
        return request
    }

    /// A token that says who asks, signed with RS256 (RFC 7519, RFC 7518 §3.3).
    func assertion(at now: Timestamp) throws -> String {
        let seconds = now.milliseconds / 1000
        var header = ByteBuffer()
        header.writeJSONObject { object in
            object.member("alg", string: "RS256")
            object.member("typ", string: "JWT")
            object.member("kid", string: keyID)
        }
        var claims = ByteBuffer()
        claims.writeJSONObject { object in
            object.member("iss", string: email)
            object.member("scope", string: Self.scope)
            object.member("aud", string: tokenURI)
            object.member("iat", int: seconds)
            object.member("exp", int: seconds + Self.validity)
        }
        let signed = [header, claims].map { Base64URL.encode($0.readableBytesView) }.joined(separator: ".")
        let signature = try key.signature(for: SHA256.hash(data: Array(signed.utf8)), padding: .insecurePKCS1v1_5)
        return "\(signed).\(Base64URL.encode(signature.rawRepresentation))"
    }
}
