import ApusCore
import NIOCore

/// A message as Umeng takes it: `payload`, `policy` and what belongs to them.
struct UmengPayload {
    /// Bytes.
    private static let androidLimit = 1840
    private static let iosLimit = 4096
    /// Seconds that Umeng keeps a message at most.
    private static let longestTimeToLive: Int64 = 7 * 86_400

    let json: String
    private let credential: UmengCredential
    private let expiresAt: Timestamp

    /// - Throws: `ApusError` if Umeng does not take such a message.
    init(_ message: Message, for credential: UmengCredential) throws(ApusError) {
        self.credential = credential
        expiresAt = message.expiresAt
        let isIOS = credential.platform == .ios
        json = isIOS ? try Self.ios(message) : try Self.android(message)
        let limit = isIOS ? Self.iosLimit : Self.androidLimit
        guard json.utf8.count <= limit else {
            throw ApusError(
                .tooLarge, code: "umeng_too_large",
                "The message is \(json.utf8.count - limit) bytes too large for Umeng, which takes payloads of \(limit) "
                    + "bytes for \(credential.name). Shorten its text or its extra data.")
        }
    }

    /// - Parameter businessNumber: by which Umeng knows a job that it already has.
    func write(to body: inout JSONObjectWriter, at now: Timestamp, businessNumber: String? = nil) {
        body.member("payload", raw: json)
        body.member("policy") { policy in
            let latest = now.adding(seconds: Self.longestTimeToLive)
            policy.member("expire_time", string: Self.beijingTime(min(expiresAt, latest)))
            policy.member("out_biz_no", string: businessNumber)
        }
        body.member("production_mode", string: credential.isProduction ? "true" : "false")
        guard let activity = credential.offlineActivity, credential.platform == .android else { return }
        body.member("mipush", string: "true")
        body.member("mi_activity", string: activity)
        body.member("channel_properties") { $0.member("channel_activity", string: activity) }
    }

    /// `2026-11-21 16:00:00`, eight hours east of UTC, rounded up.
    static func beijingTime(_ time: Timestamp) -> String {
        let text = time.adding(milliseconds: 8 * 3_600_000 + 999).rfc3339
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
    }

    private static func android(_ message: Message) throws(ApusError) -> String {
        let content = message.content
        let data = AppData(message)
        var payload = ByteBuffer()
        guard message.showsNotification else {
            payload.writeJSONObject { object in
                object.member("display_type", string: "message")
                object.member("body") { $0.member("custom", raw: data.json) }
            }
            return String(buffer: payload)
        }
        guard !content.alert.isEmpty else {
            throw ApusError(.invalid, code: "umeng_needs_alert", "Umeng takes no notification without an alert.")
        }
        // A URI of the app's own is for the app to open.
        let url = content.uri.flatMap { $0.hasPrefix("https://") || $0.hasPrefix("http://") ? $0 : nil }
        payload.writeJSONObject { object in
            object.member("display_type", string: "notification")
            object.member("body") { body in
                body.member("ticker", string: content.alert)
                body.member("title", string: content.title ?? content.alert)
                body.member("text", string: content.alert)
                body.member("after_open", string: url == nil ? "go_app" : "go_url")
                body.member("url", string: url)
                body.member("sound", string: content.sound == "default" ? nil : content.sound)
                body.member("badge", int: content.badge)
            }
            object.member("extra", raw: data.json)
        }
        return String(buffer: payload)
    }

    private static func ios(_ message: Message) throws(ApusError) -> String {
        let content = message.content
        let data = AppData(message)
        for name in ["aps", "d", "p"] where data.contains(name) {
            throw ApusError(
                .invalid, code: "umeng_extra_reserved",
                "The extra data must not have a member \(name): Umeng keeps that name for itself on iOS.")
        }
        var aps = ByteBuffer()
        aps.writeJSONObject { object in
            guard message.showsNotification else {
                return object.member("content-available", int: 1)
            }
            if let title = content.title {
                object.member("alert") { alert in
                    alert.member("title", string: title)
                    alert.member("body", string: content.alert)
                }
            } else {
                object.member("alert", string: content.alert)
            }
            object.member("sound", string: content.sound)
            object.member("badge", int: content.badge)
        }
        return "{\"aps\":\(String(buffer: aps)),\(data.json.dropFirst())"
    }
}
