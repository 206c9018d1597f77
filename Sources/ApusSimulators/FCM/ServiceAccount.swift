import ApusCore
import Crypto
import CryptoExtras
import NIOCore

/// A service account of Google's, with the key that it signs with.
package struct ServiceAccount: Sendable {
    package let projectID: String
    package let email: String
    let keyID: String
    private let key: _RSA.Signing.PrivateKey

    /// - Throws: what CryptoExtras throws if no key can be made.
    package init(projectID: String) throws {
        self.projectID = projectID
        email = "push@\(projectID).iam.gserviceaccount.com"
        keyID = RandomToken.hex128()
        key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    }

    /// The file that Google lets developers download.
    /// - Parameter tokenURI: where access tokens are asked for.
    package func json(tokenURI: String) -> String {
        var buffer = ByteBuffer()
        buffer.writeJSONObject { object in
            object.member("type", string: "service_account")
            object.member("project_id", string: projectID)
            object.member("private_key_id", string: keyID)
            object.member("private_key", string: key.pkcs8PEMRepresentation + "\n")
            object.member("client_email", string: email)
            object.member("client_id", string: "100000000000000000001")
            object.member("token_uri", string: tokenURI)
        }
        return String(buffer: buffer)
    }

    /// Whether a signature is of this account (RS256, RFC 7518 §3.3).
    func hasSigned(_ text: some Sequence<UInt8>, _ signature: [UInt8]) -> Bool {
        key.publicKey.isValidSignature(
            _RSA.Signing.RSASignature(rawRepresentation: signature), for: SHA256.hash(data: Array(text)),
            padding: .insecurePKCS1v1_5)
    }
}
