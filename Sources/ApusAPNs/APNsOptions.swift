import ApusCore
import NIOCore

/// What a sender says for APNs alone, a JSON object: `payload`, `pushType`, `topic`, `priority`, `collapseId`, and
/// `expiration` 0 for what is tried once and never kept. What is missing is derived from the message.
struct APNsOptions {
    private(set) var payload: String?
    private(set) var pushType: APNsPushType?
    private(set) var topic: String?
    private(set) var priority: APNsPriority?
    private(set) var collapseID: String?
    private(set) var isUndelayed = false

    /// - Throws: `ApusError` that names the member that is wrong.
    init(_ json: String?) throws(ApusError) {
        guard let json else { return }
        do {
            try JSONScanner.withObject(in: ByteBuffer(string: json)) { scanner in
                while let key = try scanner.nextKey() { try read(key, &scanner) }
            }
        } catch let error as ApusError {
            throw error
        } catch {
            throw ApusError(.invalid, code: "apns_options_invalid", "apns must be a JSON object: \(error).")
        }
    }

    private mutating func read(_ key: JSONKey, _ scanner: inout JSONScanner) throws {
        switch key {
        case "payload":
            guard try scanner.kind() == .object else {
                throw Self.error("payload", "apns.payload must be a JSON object with an aps dictionary.")
            }
            payload = try scanner.rawValue()
        case "topic": topic = try scanner.string()
        case "collapseId": collapseID = try scanner.string()
        case "expiration":
            guard try scanner.int() == 0 else {
                throw Self.error("expiration", "apns.expiration can only be 0. For another time give the duration.")
            }
            isUndelayed = true
        case "pushType":
            let name = try scanner.string()
            guard let type = APNsPushType(rawValue: name) else {
                let known = APNsPushType.allCases.map(\.rawValue).joined(separator: ", ")
                throw Self.error("pushType", "apns.pushType must be one of \(known), not \(name).")
            }
            pushType = type
        case "priority":
            let number = try scanner.int()
            guard let priority = APNsPriority(rawValue: Int(clamping: number)) else {
                throw Self.error("priority", "apns.priority must be 10, 5 or 1, not \(number).")
            }
            self.priority = priority
        default:
            throw Self.error(
                key.string,
                "apns has no member \(key.string): there are payload, pushType, topic, priority, collapseId, expiration."
            )
        }
    }

    private static func error(_ field: String, _ message: String) -> ApusError {
        ApusError(
            .invalid, code: "apns_options_invalid", message,
            fields: [ApusError.Field(field, code: "invalid", message)])
    }

    /// What a notification of the binary protocol says.
    static func json(_ notification: LegacyNotification) -> String {
        var buffer = ByteBuffer()
        buffer.writeJSONObject { object in
            object.member("payload", raw: String(buffer: notification.payload))
            object.member("priority", int: notification.priority.map(Int64.init))
            if notification.expiration == 0 { object.member("expiration", int: 0) }
        }
        return String(buffer: buffer)
    }
}
