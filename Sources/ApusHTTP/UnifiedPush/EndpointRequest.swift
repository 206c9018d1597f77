import ApusCore
import NIOCore

/// What a post to an endpoint asks for (RFC 8030 §5).
struct EndpointRequest {
    let target: EndpointTarget
    /// Seconds, as the answer says it.
    let timeToLive: Int64
    let urgency: Urgency
    let topic: String?
    /// Whether the sender wants to know when the device has it (RFC 8030 §5.1).
    let wantsReceipt: Bool
    let data: [UInt8]

    init(_ request: HTTPWireRequest, _ target: EndpointTarget, _ settings: EndpointSettings) throws(ApusError) {
        self.target = target
        let headers = request.headers
        timeToLive = try Self.timeToLive(headers.first("ttl"), settings)
        urgency = try Self.urgency(headers.first("urgency"))
        topic = try Self.topic(headers.first("topic"))
        wantsReceipt = headers.list("prefer", has: "respond-async")
        var data = headers.list("content-encoding", has: "aesgcm") ? Self.aesgcmPreamble(headers) : []
        guard request.body.readableBytes > 0 else {
            throw ApusError(.invalid, code: "empty_body", "The body is empty. Post 1 to \(settings.largestBody) bytes.")
        }
        data += request.body.readableBytesView
        guard data.count <= settings.largestBody else {
            throw ApusError(
                .tooLarge, code: "body_too_large",
                "The body has \(data.count) bytes, \(data.count - settings.largestBody) more than are taken.")
        }
        self.data = data
    }

    func post(to endpoint: [UInt8], signer: [UInt8]?) -> EndpointPost {
        EndpointPost(
            endpoint: endpoint, data: data, urgency: urgency, topic: topic,
            timeToLive: timeToLive == 0 ? EndpointSettings.immediate : timeToLive, signer: signer)
    }

    private static func timeToLive(_ text: String?, _ settings: EndpointSettings) throws(ApusError) -> Int64 {
        guard let text else { return settings.defaultTimeToLive }
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            throw ApusError(.invalid, code: "invalid_ttl", "The header TTL must be a number of seconds, 0 or more.")
        }
        return min(Int64(text) ?? .max, settings.longestTimeToLive)
    }

    private static func urgency(_ text: String?) throws(ApusError) -> Urgency {
        guard let text else { return .normal }
        guard let urgency = Urgency(name: text) else {
            throw ApusError(
                .invalid, code: "invalid_urgency", "The header Urgency must be very-low, low, normal or high.")
        }
        return urgency
    }

    private static func topic(_ text: String?) throws(ApusError) -> String? {
        guard let text else { return nil }
        let isRight =
            (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
        guard isRight else {
            throw ApusError(
                .invalid, code: "invalid_topic", "The header Topic must be 1 to 32 letters, digits, - or _.")
        }
        return text
    }

    /// The headers without which nobody can decrypt the body, as UnifiedPush's gateways put them in front of it.
    private static func aesgcmPreamble(_ headers: HTTPWireHeaders) -> [UInt8] {
        let encryption = headers.first("encryption") ?? ""
        let keys = headers.all("crypto-key").joined(separator: ",")
        return Array("aesgcm\nEncryption: \(encryption)\nCrypto-Key: \(keys)\n".utf8)
    }
}
