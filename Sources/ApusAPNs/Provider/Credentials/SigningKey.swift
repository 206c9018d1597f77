package import ApusCore
import Crypto
import SwiftASN1

/// The key of a developer team that signs its provider tokens: P-256, as PKCS #8 in PEM (Apple's `.p8`).
package struct SigningKey: Sendable {
    package let keyID: String
    package let teamID: String
    private let key: P256.Signing.PrivateKey

    /// - Throws: `ApusError` that says what to change.
    package init(p8: String, keyID: String, teamID: String) throws(ApusError) {
        self.keyID = try Self.checkedID(keyID, "key id", "as in the name of the file, AuthKey_<key id>.p8")
        self.teamID = try Self.checkedID(teamID, "team id", "as under Membership at developer.apple.com")
        key = try Self.parse(p8)
    }

    func isSame(as other: SigningKey) -> Bool {
        keyID == other.keyID && teamID == other.teamID && key.rawRepresentation == other.key.rawRepresentation
    }

    /// A provider token (RFC 7515, compact form): ES256, with the signature as r and s of 32 bytes each (RFC 7518 §3.4).
    /// - Parameter issuedAt: seconds since the epoch.
    func token(issuedAt: Int64) throws -> String {
        let header = Base64URL.encode(#"{"alg":"ES256","kid":"\#(keyID)"}"#.utf8)
        let claims = Base64URL.encode(#"{"iss":"\#(teamID)","iat":\#(issuedAt)}"#.utf8)
        let content = "\(header).\(claims)"
        let signature = try key.signature(for: Array(content.utf8))
        return "\(content).\(Base64URL.encode(signature.rawRepresentation))"
    }

    private static func checkedID(_ id: String, _ name: String, _ place: String) throws(ApusError) -> String {
        let isRight = id.utf8.count == 10 && id.allSatisfy { $0.isASCII && ($0.isNumber || $0.isLetter) }
        guard isRight else {
            let wrong = id.utf8.count == 10 ? "and nothing else" : "not \(id.utf8.count) characters"
            throw error("The \(name) must have 10 letters and digits, \(place), \(wrong).")
        }
        return id
    }

    private static func parse(_ text: String) throws(ApusError) -> P256.Signing.PrivateKey {
        guard text.contains("-----BEGIN") else {
            throw error(
                "The key is not PEM. Give the .p8 file as Apple made it; it begins with -----BEGIN PRIVATE KEY-----.")
        }
        let document: PEMDocument
        do {
            document = try PEMDocument(pemString: text)
        } catch {
            throw Self.error("The key's PEM is damaged (\(error)). Give the .p8 file as Apple made it, line by line.")
        }
        switch document.discriminator {
        case "PRIVATE KEY", "EC PRIVATE KEY": break
        case "ENCRYPTED PRIVATE KEY":
            throw error("The key is encrypted. Decrypt it: openssl pkcs8 -in key.p8 -out decrypted.p8")
        case let other:
            throw error(
                "The file holds a \(other.lowercased()), not a private key. Token authentication takes a .p8 file.")
        }
        do {
            return try P256.Signing.PrivateKey(derRepresentation: document.derBytes)
        } catch {
            throw Self.error("The key is not an elliptic curve key on P-256, which is what APNs' .p8 files hold.")
        }
    }

    private static func error(_ message: String) -> ApusError {
        APNsCredentials.error("apns_key_invalid", message)
    }
}
