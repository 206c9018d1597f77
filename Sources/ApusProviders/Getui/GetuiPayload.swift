import ApusCore
import NIOCore

/// A message as Getui takes it: `settings`, `push_message` and `push_channel`.
struct GetuiPayload {
    /// Bytes.
    private static let limit = 3072
    /// Seconds that Getui keeps a message at most.
    private static let longestTimeToLive: Int64 = 3 * 86_400

    private let message: Message
    private let platform: Platform
    /// What the app's own code gets.
    private let data: String

    /// - Throws: `ApusError` if Getui does not take such a message.
    init(_ message: Message, for platform: Platform) throws(ApusError) {
        self.message = message
        self.platform = platform
        data = AppData(message).json
        guard data.utf8.count <= Self.limit else {
            throw ApusError(
                .tooLarge, code: "getui_too_large",
                "The extra data is \(data.utf8.count - Self.limit) bytes too large for Getui, which takes "
                    + "\(Self.limit) bytes.")
        }
        guard !message.showsNotification || !message.content.alert.isEmpty else {
            throw ApusError(.invalid, code: "getui_needs_alert", "Getui takes no notification without an alert.")
        }
    }

    func write(to body: inout JSONObjectWriter, at now: Timestamp) {
        body.member("settings") { settings in
            settings.member("ttl", int: message.secondsLeft(at: now, atMost: Self.longestTimeToLive) * 1000)
            settings.member("strategy") { $0.member("default", int: 1) }
        }
        body.member("push_message") { object in
            if message.showsNotification, platform == .android {
                object.member("notification") { write(notification: &$0) }
            } else {
                object.member("transmission", string: data)
            }
        }
        guard platform == .ios else { return }
        body.member("push_channel") { channel in
            channel.member("ios") { write(ios: &$0) }
        }
    }

    private func write(notification: inout JSONObjectWriter) {
        let content = message.content
        notification.member("title", string: content.title ?? content.alert)
        notification.member("body", string: content.alert)
        if let uri = content.uri, uri.hasPrefix("https://") || uri.hasPrefix("http://") {
            notification.member("click_type", string: "url")
            notification.member("url", string: uri)
        } else {
            notification.member("click_type", string: "payload")
            notification.member("payload", string: data)
        }
    }

    /// What Apple's service shows while the app does not run.
    private func write(ios: inout JSONObjectWriter) {
        let content = message.content
        ios.member("type", string: "notify")
        ios.member("payload", string: data)
        ios.member("aps") { aps in
            guard message.showsNotification else { return aps.member("content-available", int: 1) }
            aps.member("alert") { alert in
                alert.member("title", string: content.title)
                alert.member("body", string: content.alert)
            }
            aps.member("sound", string: content.sound)
        }
        if message.showsNotification { ios.member("auto_badge", string: content.badge.map { String($0) }) }
    }
}
