import ApusCore
import Crypto
import NIOCore
import NIOHTTP1

extension OutgoingRequest {
    /// Services keep messages for four weeks at most and may refuse more.
    private static let longestTimeToLive: Int64 = 28 * 86_400

    /// The request of a delivery (RFC 8030 §5). Its body is the message as devices get it, encrypted.
    /// - Parameter authorization: the app's, for the push service.
    static func webPush(
        _ message: Message, to subscription: WebPushSubscription, authorization: String, at now: Timestamp
    ) throws(ApusError) -> OutgoingRequest {
        var plaintext = ByteBuffer()
        plaintext.writeMessage(message, for: .web)
        let body = try WebPushEncryption.encrypt(Array(plaintext.readableBytesView), for: subscription)
        let rest = (message.expiresAt.milliseconds - now.milliseconds + 999) / 1000
        var request = OutgoingRequest(to: subscription.endpoint)
        request.headers = [
            "authorization": authorization,
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": String(min(max(rest, 0), longestTimeToLive)),
            // What is to be shown must not wait until the device is used again.
            "urgency": (message.content.urgency ?? (message.content.kind == .message ? .high : .normal)).name,
        ]
        if let key = message.collapseKey { request.headers.add(name: "topic", value: topic(of: key)) }
        request.body = ByteBuffer(bytes: body)
        return request
    }

    /// A topic has up to 32 characters of base 64 for URLs (RFC 8030 §5.4); what does not is hashed.
    private static func topic(of key: String) -> String {
        let isTopic = key.utf8.count <= 32 && key.utf8.allSatisfy(Base64URL.isDigit)
        return isTopic ? key : String(Base64URL.encode(SHA256.hash(data: Array(key.utf8)).prefix(24)))
    }
}
