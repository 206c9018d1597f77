import ApusCore
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
            "urgency": message.content.kind == .message ? "high" : "normal",
        ]
        request.body = ByteBuffer(bytes: body)
        return request
    }
}
