import ApusCore
import Crypto

/// Makes the tokens of a sender, good and bad ones.
struct VAPIDForge {
    let key = P256.Signing.PrivateKey()

    var publicKey: String { Base64URL.encode(key.publicKey.x963Representation) }

    func token(
        header: String = #"{"typ":"JWT","alg":"ES256"}"#, audience: String = #""https://push.example.org""#,
        expiry: String, signedBy signer: P256.Signing.PrivateKey? = nil
    ) throws -> String {
        let claims = #"{"aud":\#(audience),"exp":\#(expiry),"sub":"mailto:a@b.example"}"#
        let content = "\(Base64URL.encode(header.utf8)).\(Base64URL.encode(claims.utf8))"
        let signature = try (signer ?? key).signature(for: Array(content.utf8))
        return "\(content).\(Base64URL.encode(signature.rawRepresentation))"
    }
}
