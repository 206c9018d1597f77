package import ApusCore
package import NIOCore

/// One notification for one device. What APNs would refuse for its form cannot be made.
package struct APNsNotification: Sendable {
    /// `apns-id`: tells notifications apart in answers and logs. APNs does not recognise repetitions by it.
    package let id: String
    /// Lowercase hex digits.
    package let deviceToken: String
    package let topic: String
    package let pushType: APNsPushType
    package let priority: APNsPriority?
    package let expiration: APNsExpiration
    /// Notifications with the same one take each other's place on the device.
    package let collapseID: String?
    package let payload: ByteBuffer
    /// Whether it is sent again when APNs got it and did not answer, so that nobody knows what became of it. The device
    /// may then get it twice.
    package var repeatsWhenUnknown = false

    /// - Parameters:
    ///   - bundleID: the app's; the topic is made of it and the push type.
    ///   - payload: JSON.
    ///   - pushType: if nil, it is told from the payload.
    ///   - topic: takes the place of the derived one.
    ///   - id: a UUID; if nil, a random one.
    /// - Throws: `ApusError` that says which limit was broken, and by how much.
    package init(
        deviceToken: String, bundleID: String, payload: ByteBuffer, pushType: APNsPushType? = nil,
        topic: String? = nil, priority: APNsPriority? = nil, expiration: APNsExpiration? = nil,
        collapseID: String? = nil, id: String? = nil
    ) throws(ApusError) {
        guard payload.readableBytes > 0 else {
            throw Self.error("payload", "The payload is empty. Give it an aps dictionary.")
        }
        let pushType = if let pushType { pushType } else { try APNsPushType(ofPayload: payload) }
        try Self.check(payload, pushType)
        self.payload = payload
        self.pushType = pushType
        self.deviceToken = try Self.checkedToken(deviceToken)
        self.topic = try Self.checkedTopic(topic, bundleID, pushType)
        self.priority = priority ?? pushType.defaultPriority
        self.expiration = expiration ?? pushType.defaultExpiration
        self.collapseID = try Self.checkedCollapseID(collapseID)
        if let id {
            self.id = try Self.checkedID(id)
        } else {
            self.id = Self.randomID()
        }
        if pushType == .background, self.priority != .considerate, self.priority != .passive {
            throw Self.error("priority", "A background notification must have priority 5 or 1.")
        }
    }

    package init(
        deviceToken: String, bundleID: String, payload: APNsPayload, pushType: APNsPushType? = nil,
        topic: String? = nil, priority: APNsPriority? = nil, expiration: APNsExpiration? = nil,
        collapseID: String? = nil, id: String? = nil
    ) throws(ApusError) {
        try self.init(
            deviceToken: deviceToken, bundleID: bundleID, payload: payload.encoded(), pushType: pushType, topic: topic,
            priority: priority, expiration: expiration, collapseID: collapseID, id: id)
    }
}

// MARK: Checks

extension APNsNotification {
    /// Far more than any token has: 32 bytes is usual, those of Live Activities have over 100.
    private static let longestToken = 512
    private static let longestCollapseID = 64

    private static func check(_ payload: ByteBuffer, _ pushType: APNsPushType) throws(ApusError) {
        let size = payload.readableBytes
        let limit = pushType.largestPayload
        guard size <= limit else {
            throw ApusError(
                .tooLarge, code: "apns_payload_too_large",
                "The payload has \(size) bytes, \(size - limit) more than the \(limit) that APNs takes of "
                    + "\(pushType.rawValue) notifications. Shorten it.")
        }
    }

    private static func checkedToken(_ token: String) throws(ApusError) -> String {
        let digits = token.utf8.count
        guard digits > 0, digits % 2 == 0, digits <= longestToken * 2, token.utf8.allSatisfy(isHexDigit) else {
            throw error("deviceToken", "The device token must be hex digits, two for each of its bytes.")
        }
        return token.utf8.contains { $0 < UInt8(ascii: "a") && $0 > UInt8(ascii: "9") } ? token.lowercased() : token
    }

    private static func checkedTopic(
        _ topic: String?, _ bundleID: String, _ pushType: APNsPushType
    ) throws(ApusError) -> String {
        guard let derived = topic ?? pushType.topicSuffix.map({ bundleID.isEmpty ? "" : bundleID + $0 }) else {
            throw error("topic", "A notification of type mdm needs a topic: the UID in the MDM certificate's subject.")
        }
        guard !derived.isEmpty, isPlain(derived) else {
            throw error("topic", "The topic, or the bundle id, must be visible characters without spaces.")
        }
        return derived
    }

    private static func checkedCollapseID(_ id: String?) throws(ApusError) -> String? {
        guard let id else { return nil }
        guard !id.isEmpty, id.utf8.count <= longestCollapseID else {
            throw error("collapseID", "The collapse id has \(id.utf8.count) bytes; it must have 1 to 64.")
        }
        guard isPlain(id) else {
            throw error("collapseID", "The collapse id must have no spaces or control characters.")
        }
        return id
    }

    private static func checkedID(_ id: String) throws(ApusError) -> String {
        let groups = id.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard groups.map(\.count) == [8, 4, 4, 4, 12], groups.joined().allSatisfy(isHexDigit) else {
            throw error("id", "The id must be a UUID: 32 hex digits in groups of 8-4-4-4-12.")
        }
        return id.lowercased()
    }

    /// A UUID of version 4 (RFC 9562 §5.4).
    private static func randomID() -> String {
        var digits = Array(RandomToken.hex128().utf8)
        digits[12] = UInt8(ascii: "4")
        digits[16] = Array("89ab".utf8)[Int(digits[16] & 3)]
        for position in [20, 16, 12, 8] { digits.insert(UInt8(ascii: "-"), at: position) }
        return String(decoding: digits, as: UTF8.self)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// Whether it can stand in a header without anybody misreading it (RFC 9110 §5.5).
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    private static func error(_ field: String, _ message: String) -> ApusError {
        ApusError(
            .invalid, code: "apns_notification_invalid", message,
            fields: [ApusError.Field(field, code: "invalid", message)])
    }
}
