package import ApusCore
import Crypto

/// The key pair by which an app is known to push services (RFC 8292). Browsers subscribe with its public half, so it
/// stays the same for as long as the subscriptions do.
package struct VAPIDKeys: Sendable {
    private let key: P256.Signing.PrivateKey

    private init(_ key: P256.Signing.PrivateKey) {
        self.key = key
    }

    /// A new pair.
    package static func make() -> VAPIDKeys {
        VAPIDKeys(P256.Signing.PrivateKey(compactRepresentable: false))
    }

    /// - Parameter privateKey: 32 bytes as base 64 for URLs, or PEM (PKCS #8).
    /// - Throws: `ApusError` that says what to change.
    package init(privateKey: String) throws(ApusError) {
        do {
            if privateKey.contains("-----BEGIN") {
                key = try P256.Signing.PrivateKey(pemRepresentation: privateKey)
            } else {
                key = try P256.Signing.PrivateKey(rawRepresentation: Base64URL.decode(privateKey.utf8) ?? [])
            }
        } catch {
            throw ApusError(
                .invalid, code: "vapid_key_invalid",
                "The private key must be one on the curve P-256: 43 characters of base 64 for URLs, or PEM that begins "
                    + "with -----BEGIN PRIVATE KEY-----.")
        }
    }

    /// What a browser takes as `applicationServerKey`: the point, 87 characters of base 64 for URLs.
    package var publicKey: String { Base64URL.encode(key.publicKey.x963Representation) }

    /// 43 characters of base 64 for URLs.
    package var privateKey: String { Base64URL.encode(key.rawRepresentation) }

    /// A JSON web token, signed with ES256: the signature is r and s of 32 bytes each (RFC 7518 §3.4).
    func token(claims: some Sequence<UInt8>) throws(ApusError) -> String {
        let content = "\(Self.header).\(Base64URL.encode(claims))"
        do {
            let signature = try key.signature(for: Array(content.utf8))
            return "\(content).\(Base64URL.encode(signature.rawRepresentation))"
        } catch {
            throw ApusError(.internal, code: "vapid_signing_failed", "The app's token was not signed: \(error).")
        }
    }

    private static let header = Base64URL.encode(#"{"typ":"JWT","alg":"ES256"}"#.utf8)
}
