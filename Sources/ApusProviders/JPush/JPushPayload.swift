import ApusCore
import NIOCore

/// A message as JPush takes it: `notification` or `message`, and `options`.
struct JPushPayload {
    /// Bytes.
    private static let androidLimit = 4000
    private static let iosLimit = 2000
    /// Seconds that JPush keeps a message at most.
    private static let longestTimeToLive: Int64 = 864_000

    private let message: Message
    private let isIOS: Bool
    /// What is limited in size.
    private let json: String

    /// - Throws: `ApusError` if JPush does not take such a message.
    init(_ message: Message, for platform: Platform) throws(ApusError) {
        self.message = message
        isIOS = platform == .ios
        json = isIOS ? Self.ios(message) : Self.android(message)
        let limit = isIOS ? Self.iosLimit : Self.androidLimit
        guard json.utf8.count <= limit else {
            throw ApusError(
                .tooLarge, code: "jpush_too_large",
                "The message is \(json.utf8.count - limit) bytes too large for JPush, which takes \(limit) bytes for "
                    + "\(platform.name). Shorten its text or its extra data.")
        }
    }

    func write(to body: inout JSONObjectWriter, isAPNsProduction: Bool, at now: Timestamp) {
        if isIOS {
            body.member("notification") { $0.member("ios", raw: json) }
        } else if message.showsNotification {
            body.member("notification") { $0.member("android", raw: json) }
        } else {
            body.member("message", raw: json)
        }
        body.member("options") { options in
            options.member("time_to_live", int: message.secondsLeft(at: now, atMost: Self.longestTimeToLive))
            guard isIOS else { return }
            options.member("apns_production", bool: isAPNsProduction)
            options.member("apns_collapse_id", string: message.collapseKey)
        }
    }

    private static func android(_ message: Message) -> String {
        let (content, data) = (message.content, AppData(message))
        var json = ByteBuffer()
        json.writeJSONObject { object in
            if message.showsNotification {
                object.member("alert", string: content.alert)
                object.member("title", string: content.title)
            } else {
                object.member("msg_content", string: content.alert.isEmpty ? message.id.description : content.alert)
            }
            object.member("extras", raw: data.json)
        }
        return String(buffer: json)
    }

    private static func ios(_ message: Message) -> String {
        let (content, data) = (message.content, AppData(message))
        var json = ByteBuffer()
        json.writeJSONObject { object in
            if !message.showsNotification {
                object.member("alert", string: "")
                object.member("content-available", bool: true)
            } else if let title = content.title {
                object.member("alert") { alert in
                    alert.member("title", string: title)
                    alert.member("body", string: content.alert)
                }
            } else {
                object.member("alert", string: content.alert)
            }
            if message.showsNotification {
                object.member("sound", string: content.sound)
                object.member("badge", int: content.badge)
            }
            object.member("extras", raw: data.json)
        }
        return String(buffer: json)
    }
}
