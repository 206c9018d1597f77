import ApusCore
import NIOHTTP1

/// What push services check of a request (RFC 8030 §5, RFC 8291 §4), read.
struct WebPushRequestRules {
    /// The shortest body is a header, one byte that ends the record, and a tag.
    private static let bodyLength = 103...4096
    private static let urgencies = ["very-low", "low", "normal", "high"]

    let timeToLive: Int
    let urgency: String?
    let topic: String?
    let sender: WebPushSimulatorSender?

    /// - Parameter requiredKey: the only sender's, if the subscription is for one only.
    init(
        _ headers: HTTPHeaders, bodyLength: Int, origin: String, requiredKey: String?, at now: Timestamp
    ) throws(WebPushRefusal) {
        if let authorization = headers.first(name: "authorization") {
            sender = try WebPushSimulatorSender(authorization, origin: origin, at: now)
        } else {
            sender = nil
        }
        if let requiredKey {
            guard let sender else { throw WebPushRefusal(status: 401, reason: "VAPID is needed.") }
            guard sender.key == requiredKey else {
                throw WebPushRefusal(status: 403, reason: "The subscription is for another VAPID key.")
            }
        }
        guard let timeToLive = headers.first(name: "ttl").flatMap({ Int($0) }), timeToLive >= 0 else {
            throw WebPushRefusal(status: 400, reason: "TTL must be a number of seconds.")
        }
        self.timeToLive = timeToLive
        urgency = headers.first(name: "urgency")
        guard urgency.map(Self.urgencies.contains) ?? true else {
            throw WebPushRefusal(status: 400, reason: "Urgency must be one of \(Self.urgencies).")
        }
        topic = headers.first(name: "topic")
        guard topic.map(Self.isTopic) ?? true else {
            throw WebPushRefusal(status: 400, reason: "Topic must be up to 32 characters of base 64 for URLs.")
        }
        guard headers.first(name: "content-encoding") == "aes128gcm" else {
            throw WebPushRefusal(status: 415, reason: "Content-Encoding must be aes128gcm.")
        }
        guard bodyLength <= Self.bodyLength.upperBound else {
            throw WebPushRefusal(status: 413, reason: "The body has \(bodyLength) bytes, more than 4096.")
        }
        guard Self.bodyLength.contains(bodyLength) else {
            throw WebPushRefusal(status: 400, reason: "The body is too short for an encrypted message.")
        }
    }

    private static func isTopic(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "-" || $0 == "_" }
    }
}
