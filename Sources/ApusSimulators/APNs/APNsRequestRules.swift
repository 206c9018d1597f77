import ApusCore
import NIOCore

/// What a request must be like, apart from its credentials (Apple, "Sending notification requests to APNs").
///
/// Where Apple does not say which reason belongs to a fault, or which of two faults counts, this is our choice.
enum APNsRequestRules {
    private static let pathPrefix = "/3/device/"
    /// Bytes. A token may have any number of bytes up to this, as in the binary protocol.
    private static let longestToken = 100
    private static let longestCollapseID = 64

    /// The device token in the path, unchecked.
    static func deviceToken(of head: APNsRequestHead) throws(APNsRefusal) -> String {
        guard head.path.hasPrefix(pathPrefix) else { throw .badPath }
        guard head.method == "POST" else { throw .methodNotAllowed }
        let token = head.path.utf8.dropFirst(pathPrefix.utf8.count)
        guard !token.isEmpty else { throw .missingDeviceToken }
        return String(Substring(token))
    }

    /// The notification that a request asks for.
    ///
    /// - Parameters:
    ///   - payload: what has come of it, at least as far as the limit.
    ///   - size: bytes of the whole payload.
    ///   - id: for a request that names none.
    static func notification(
        _ head: APNsRequestHead, token: String, from sender: APNsSender, payload: ByteBuffer, size: Int,
        id: @autoclosure () -> String, now: Timestamp
    ) throws(APNsRefusal) -> APNsAcceptedNotification {
        if head.hasDuplicates { throw .duplicateHeaders }
        if let id = head.id, !isUUID(id) { throw .badMessageID }
        let type = try pushType(head)
        let topic = try sender.topic(head.topic, for: type)
        let priority = try priority(head, of: type)
        let expiration = try expiration(head)
        if let collapseID = head.collapseID, collapseID.utf8.count > longestCollapseID { throw .badCollapseID }
        guard isDeviceToken(token) else { throw .badDeviceToken }
        guard size > 0 else { throw .payloadEmpty }
        guard size <= type.payloadLimit else { throw .payloadTooLarge }
        guard isJSONObject(payload) else { throw .payloadEmpty }
        return APNsAcceptedNotification(
            token: token, id: head.id ?? id(), topic: topic, pushType: type.rawValue, priority: priority,
            expiration: expiration, collapseID: head.collapseID, payload: payload, acceptedAt: now)
    }

    private static func pushType(_ head: APNsRequestHead) throws(APNsRefusal) -> APNsPushType {
        guard let name = head.pushType else { return APNsPushType(impliedBy: head.topic) }
        guard let type = APNsPushType(rawValue: name) else { throw .invalidPushType }
        return type
    }

    private static func priority(_ head: APNsRequestHead, of type: APNsPushType) throws(APNsRefusal) -> Int {
        let priority: Int
        switch head.priority {
        case nil, "10": priority = 10
        case "5": priority = 5
        case "1": priority = 1
        default: throw .badPriority
        }
        guard type.permits(priority: priority) else { throw .badPriority }
        return priority
    }

    private static func expiration(_ head: APNsRequestHead) throws(APNsRefusal) -> Int64? {
        guard let text = head.expiration else { return nil }
        guard let seconds = Int64(text), seconds >= 0 else { throw .badExpirationDate }
        return seconds
    }

    /// 8, 4, 4, 4 and 12 hex digits.
    private static func isUUID(_ text: String) -> Bool {
        guard text.utf8.count == 36 else { return false }
        for (index, byte) in text.utf8.enumerated() {
            let isHyphenPlace = index == 8 || index == 13 || index == 18 || index == 23
            guard isHyphenPlace ? byte == UInt8(ascii: "-") : isHexDigit(byte) else { return false }
        }
        return true
    }

    private static func isDeviceToken(_ text: String) -> Bool {
        let count = text.utf8.count
        return count.isMultiple(of: 2) && count <= 2 * longestToken && text.utf8.allSatisfy(isHexDigit)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 6
    }

    private static func isJSONObject(_ payload: ByteBuffer) -> Bool {
        do {
            try JSONScanner.withObject(in: payload) { scanner in
                while try scanner.nextKey() != nil { try scanner.skipValue() }
            }
            return true
        } catch {
            return false
        }
    }
}
