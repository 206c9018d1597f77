/// The kind of system that a device runs.
public enum Platform: String, Sendable, Codable, CaseIterable {
    case android = "ANDROID"
    case ios = "IOS"
    case pc = "PC"
    case web = "WEB"
}

/// Whom a message is for.
public enum Audience: Sendable, Hashable {
    /// The devices that are registered under any of these names, usually user ids.
    case aliases([String])
    /// The devices that have any of these tags.
    case tags([String])
    /// These devices, by their ids.
    case devices([String])
    /// Every active device of the app.
    case everyone
}

/// A message as its sender writes it.
public struct OutgoingMessage: Sendable {
    /// The text that is shown.
    public var alert: String
    /// A headline above it.
    public var title: String?
    /// What the device opens when its user taps the message.
    public var uri: String?
    /// Data for the app.
    public var extra: JSONValue?
    /// Whether it is for the app itself (`CMD`) and not to be shown (`MSG`).
    public var isCommand = false
    /// Whether devices must confirm it; until they do it is sent again.
    public var needConfirm = false
    /// What is done until somebody confirms it, which it then needs; `nil` is what the app's policy says, no steps are
    /// none.
    public var escalate: [EscalationStep]?
    /// What goes out as SMS to whom the message does not reach.
    public var smsMessage: String?
    /// For how many seconds it may wait for its devices; `nil` is what the server has set.
    public var duration: Int?
    /// When to send it, a time with its offset (RFC 3339), up to a year ahead; `nil` is at once.
    public var sendAt: String?
    /// `1` to `10`, or `very-low`, `low`, `normal` or `high`; `nil` leaves it to the kind of the message.
    public var priority: String?
    /// It takes the place of what is undelivered of an earlier message with the same key.
    public var collapseKey: String?
    /// What takes the place of `alert` and `title` for devices of some languages: `["zh": ["alert": "…"]]`.
    public var localized: [String: [String: String]]?
    /// Members that read otherwise on some platforms: `{"ios": {"badge": 1}}`.
    public var platforms: JSONValue?
    /// Only devices of this platform get it; `nil` is every platform.
    public var platform: Platform?
    /// Only devices of this tenant get it.
    public var tenantCode: String?
    /// For iOS.
    public var sound: String?
    /// For iOS: the number on the app's icon.
    public var badge: Int?
    /// The user who sends it, for the record.
    public var sender: String?
    /// The device that it was sent from, for the record.
    public var sendDevice: String?
    /// Passed through to the devices.
    public var listenFlag: String?
    /// What is sent with the same key within 24 hours is one message, 1 to 255 bytes. `nil` if only the sender's own
    /// repetitions are: it then makes a key.
    public var idempotencyKey: String?

    public init(alert: String) {
        self.alert = alert
    }
}
