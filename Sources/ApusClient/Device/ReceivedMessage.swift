import Foundation

/// A message as a device gets it.
public struct ReceivedMessage: Sendable, Hashable {
    /// Stays the same when the message is sent again.
    public let id: String
    public let appId: String
    public let tenantCode: String?
    public let title: String?
    public let alert: String
    /// What to open when its user taps the message.
    public let uri: String?
    public let extra: JSONValue?
    /// `MSG` to be shown, `CMD` for the app itself.
    public let pushMsgType: String
    public let listenFlag: String?
    /// Whether it is sent again until the device confirms it.
    public let needConfirm: Bool
    public let sound: String?
    public let badge: Int?
    /// The id of an earlier message that this one takes back; there is nothing to show then.
    public let recall: String?
    /// The message as it came.
    public let text: String
}

extension ReceivedMessage {
    private struct Frame: Decodable {
        let id: String
        let appId: String
        let tenantCode: String?
        let title: String?
        let alert: String?
        let uri: String?
        let extra: JSONValue?
        let pushMsgType: String?
        let listenFlag: String?
        let needConfirm: Bool?
        let sound: String?
        let badge: Int?
        let recall: String?
    }

    /// `nil` if `text` is not a message.
    init?(text: String) {
        guard let frame = try? JSONDecoder().decode(Frame.self, from: Data(text.utf8)) else { return nil }
        id = frame.id
        appId = frame.appId
        tenantCode = frame.tenantCode
        title = frame.title
        alert = frame.alert ?? ""
        uri = frame.uri
        extra = frame.extra
        pushMsgType = frame.pushMsgType ?? "MSG"
        listenFlag = frame.listenFlag
        needConfirm = frame.needConfirm ?? false
        sound = frame.sound
        badge = frame.badge
        recall = frame.recall
        self.text = text
    }
}
