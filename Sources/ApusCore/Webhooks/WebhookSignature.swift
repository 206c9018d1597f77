import Crypto
package import NIOCore

/// How a receiver knows that a post is from here: the scheme of Standard Webhooks 1.0 (standardwebhooks.com), which
/// ready-made libraries check.
package enum WebhookSignature {
    private static let secretPrefix = "whsec_"

    /// - Returns: one signature as it stands in the header `webhook-signature`.
    package static func sign(_ body: ByteBuffer, id: String, at time: Timestamp, with secret: [UInt8]) -> String {
        var hmac = HMAC<SHA256>(key: SymmetricKey(data: secret))
        hmac.update(data: Array("\(id).\(time.milliseconds / 1000).".utf8))
        hmac.update(data: Array(body.readableBytesView))
        return "v1," + Base64.encode(Array(hmac.finalize()))
    }

    package static func newSecret() -> [UInt8] { SecretBox.randomKey() }

    /// The secret as its receiver needs it.
    package static func text(of secret: [UInt8]) -> String { secretPrefix + Base64.encode(secret) }
}
