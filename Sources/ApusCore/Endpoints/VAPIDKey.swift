import Crypto

/// The public key of an application server (RFC 8292 §3.2), as applications and devices pass it around.
package enum VAPIDKey {
    /// - Parameter text: an uncompressed point of P-256 in base 64 for URLs, 87 letters.
    /// - Returns: its 65 bytes.
    package static func point(_ text: String) throws(ApusError) -> [UInt8] {
        guard let bytes = Base64URL.decode(text.utf8), (try? P256.Signing.PublicKey(x963Representation: bytes)) != nil
        else {
            throw ApusError(
                .invalid, code: "invalid_vapid_key",
                "The VAPID key must be a point of P-256, uncompressed, in base 64 for URLs: 87 letters.")
        }
        return bytes
    }
}
