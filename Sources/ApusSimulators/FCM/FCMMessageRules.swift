import ApusCore

/// What FCM checks of a message.
enum FCMMessageRules {
    private static let members: Set = [
        "name", "data", "notification", "android", "webpush", "apns", "fcm_options", "token", "fid", "topic",
        "condition",
    ]
    /// What addresses one device: a registration token or, as newer clients write it, an installation id.
    private static let devices: Set = ["token", "fid"]
    private static let sizeLimit = 4096
    private static let topicSizeLimit = 2048
    /// Seconds: four weeks.
    private static let longestTimeToLive = 2_419_200.0

    /// - Returns: the device's token, or nil if the message is for a topic.
    static func token(of message: JSONValue?) throws(VendorAnswer) -> String? {
        guard let message, let members = message.members else { throw violation("message", "Message must be set") }
        for member in members where !Self.members.contains(member.name) {
            throw violation("message", "Invalid JSON payload received. Unknown name \"\(member.name)\"")
        }
        let targets = ["token", "fid", "topic", "condition"].filter { message[$0] != nil }
        guard targets.count == 1, let name = targets.first, let target = message[name]?.string else {
            throw violation("message", "Exactly one of token, fid, topic or condition is required")
        }
        try checkData(message["data"], field: "message.data")
        try checkData(message["android"]?["data"], field: "message.android.data")
        try checkNotification(message["notification"])
        try checkAndroid(message["android"])
        if let aps = message["apns"]?["payload"], aps.byteCount > sizeLimit {
            throw violation("message.apns.payload", "The payload has more than \(sizeLimit) bytes")
        }
        let size = (message["data"]?.byteCount ?? 0) + (message["notification"]?.byteCount ?? 0)
        guard size <= (devices.contains(name) ? sizeLimit : topicSizeLimit) else {
            throw violation("message", "Message is too big, \(size) bytes")
        }
        if name == "topic", !isTopic(target) { throw violation("message.topic", "Malformed topic name") }
        guard !target.isEmpty else { throw FCMError.invalidArgument.answer() }
        return devices.contains(name) ? target : nil
    }

    private static func checkData(_ data: JSONValue?, field: String) throws(VendorAnswer) {
        guard let data else { return }
        guard let members = data.members else { throw violation(field, "data must be an object") }
        for member in members {
            guard member.value.string != nil else {
                throw violation("\(field).\(member.name)", "Invalid value (TYPE_STRING)")
            }
            let name = member.name
            if name == "from" || name == "message_type" || name.hasPrefix("google.") || name.hasPrefix("gcm.") {
                throw violation(field, "Invalid data payload key: \(name)")
            }
        }
    }

    private static func checkNotification(_ notification: JSONValue?) throws(VendorAnswer) {
        for member in notification?.members ?? [] {
            guard ["title", "body", "image"].contains(member.name) else {
                throw violation("message.notification", "Unknown name \"\(member.name)\"")
            }
            guard member.value.string != nil else {
                throw violation("message.notification.\(member.name)", "Invalid value")
            }
        }
    }

    private static func checkAndroid(_ android: JSONValue?) throws(VendorAnswer) {
        if let priority = android?["priority"] {
            guard ["NORMAL", "HIGH", "normal", "high"].contains(priority.string ?? "") else {
                throw violation("message.android.priority", "Invalid value")
            }
        }
        if let time = android?["ttl"] {
            guard let text = time.string, text.hasSuffix("s"), let seconds = Double(text.dropLast()),
                (0...longestTimeToLive).contains(seconds)
            else { throw violation("message.android.ttl", "TTL must be from 0s to 2419200s") }
        }
    }

    private static func isTopic(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.~%".contains($0)) }
    }

    private static func violation(_ field: String, _ description: String) -> VendorAnswer {
        FCMError.fieldViolation.answer(description, field: field)
    }
}
