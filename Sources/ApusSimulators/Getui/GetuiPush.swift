/// A push to Getui, as far as it is checked.
struct GetuiPush {
    private static let longestTimeToLive: Int64 = 3 * 86_400_000
    private static let requestIDLength = 10...32

    let requestID: String

    init(_ body: JSONValue) throws(VendorAnswer) {
        guard let requestID = body["request_id"]?.string else {
            throw GetuiError.wrongParameter.answer("request_id is required")
        }
        guard Self.requestIDLength.contains(requestID.utf8.count) else {
            throw GetuiError.wrongParameter.answer("request_id size over limit")
        }
        self.requestID = requestID
        if let time = body["settings"]?["ttl"], !(-1...Self.longestTimeToLive).contains(time.int ?? -2) {
            throw GetuiError.wrongParameter.answer("ttl is over limit")
        }
        try Self.checkContent(body["push_message"])
    }

    /// The ids of the clients that are meant.
    /// - Parameter most: how many there may be.
    static func clients(_ body: JSONValue, most: Int) throws(VendorAnswer) -> [String] {
        guard let clients = body["audience"]?["cid"]?.strings, !clients.isEmpty else {
            throw GetuiError.wrongParameter.answer("audience.cid is required")
        }
        guard clients.count <= most else { throw GetuiError.wrongParameter.answer("cid size over limit") }
        return clients
    }

    private static func checkContent(_ content: JSONValue?) throws(VendorAnswer) {
        let kinds = ["notification", "transmission", "revoke"].filter { content?[$0] != nil }
        guard kinds.count == 1 else {
            throw GetuiError.wrongParameter.answer("push_message needs one of notification, transmission and revoke")
        }
        guard let notification = content?["notification"] else { return }
        for name in ["title", "body", "click_type"] where notification[name]?.string?.isEmpty ?? true {
            throw GetuiError.wrongParameter.answer("\(name) is required")
        }
        let needed: String? =
            switch notification["click_type"]?.string {
            case "url": "url"
            case "intent": "intent"
            case "payload", "payload_custom": "payload"
            default: nil
            }
        if let needed, notification[needed]?.string?.isEmpty ?? true {
            throw GetuiError.wrongParameter.answer("\(needed) is required")
        }
    }
}
