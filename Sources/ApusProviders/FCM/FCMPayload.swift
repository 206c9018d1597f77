import ApusCore
import NIOCore

/// A message as FCM takes it, for one device.
struct FCMPayload {
    /// Bytes of `data` and `notification`.
    private static let limit = 4096
    /// Seconds: four weeks.
    private static let longestTimeToLive: Int64 = 2_419_200

    private let message: Message
    private let data: String
    private let notification: String?

    /// - Throws: `ApusError` if FCM does not take such a message.
    init(_ message: Message) throws(ApusError) {
        self.message = message
        let fields = AppData(message).strings
        if let name = fields.members.map(\.name).first(where: Self.isReserved) {
            throw ApusError(
                .invalid, code: "fcm_extra_reserved",
                "The extra data must not have a member \(name): FCM keeps that name for itself.")
        }
        data = fields.json
        notification = message.showsNotification ? Self.notification(message.content) : nil
        let size = data.utf8.count + (notification?.utf8.count ?? 0)
        guard size <= Self.limit else {
            throw ApusError(
                .tooLarge, code: "fcm_too_large",
                "The message is \(size - Self.limit) bytes too large for FCM, which takes \(Self.limit) bytes. Shorten "
                    + "its text or its extra data.")
        }
    }

    func body(for token: String, on platform: Platform, at now: Timestamp) -> ByteBuffer {
        let seconds = message.secondsLeft(at: now, atMost: Self.longestTimeToLive)
        var body = ByteBuffer()
        body.writeJSONObject { object in
            object.member("message") { fields in
                fields.member("token", string: token)
                fields.member("notification", raw: notification)
                fields.member("data", raw: data)
                switch platform {
                case .ios: fields.member("apns") { write(apns: &$0) }
                case .web:
                    fields.member("webpush") { $0.member("headers") { write(webPush: &$0, seconds) } }
                case .android, .pc: fields.member("android") { write(android: &$0, seconds) }
                }
            }
        }
        return body
    }

    private static func isReserved(_ name: String) -> Bool {
        name == "from" || name == "message_type" || name.hasPrefix("google.") || name.hasPrefix("gcm.")
    }

    private static func notification(_ content: MessageContent) -> String {
        var notification = ByteBuffer()
        notification.writeJSONObject { object in
            object.member("title", string: content.title)
            object.member("body", string: content.alert)
        }
        return String(buffer: notification)
    }

    private func write(android: inout JSONObjectWriter, _ seconds: Int64) {
        let isUrgent = message.content.urgency.map { $0 == .high } ?? (notification != nil)
        android.member("priority", string: isUrgent ? "HIGH" : "NORMAL")
        android.member("collapse_key", string: message.collapseKey)
        android.member("ttl", string: "\(seconds)s")
        guard notification != nil, message.content.sound != nil || message.content.badge != nil else { return }
        android.member("notification") { notification in
            notification.member("sound", string: message.content.sound)
            notification.member("notification_count", int: message.content.badge)
        }
    }

    private func write(webPush headers: inout JSONObjectWriter, _ seconds: Int64) {
        headers.member("TTL", string: String(seconds))
        headers.member("Urgency", string: message.content.urgency?.name)
    }

    private var apnsPriority: String {
        switch message.content.urgency {
        case .low?, .veryLow?: "1"
        case .normal?: "5"
        case .high?, nil: notification == nil ? "5" : "10"
        }
    }

    /// What FCM does not make of the notification (vendors' documentation of APNs: a message that shows nothing has
    /// priority 5).
    private func write(apns: inout JSONObjectWriter) {
        apns.member("headers") { headers in
            headers.member("apns-push-type", string: notification == nil ? "background" : "alert")
            headers.member("apns-priority", string: apnsPriority)
            headers.member("apns-collapse-id", string: message.collapseKey)
            headers.member("apns-expiration", string: String(message.expiresAt.milliseconds / 1000))
        }
        apns.member("payload") { payload in
            payload.member("aps") { aps in
                guard notification != nil else { return aps.member("content-available", int: 1) }
                aps.member("sound", string: message.content.sound)
                aps.member("badge", int: message.content.badge)
            }
        }
    }
}
