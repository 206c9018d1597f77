import Foundation

/// A line of `POST /v1/messages:batch`.
struct SendRequest: Encodable {
    let appId: String
    let appKey: String
    let audienceType: String
    let audiences: [String]
    let platform: String
    let alert: String
    let title: String?
    let uri: String?
    let extra: JSONValue?
    let pushMsgType: String
    let needConfirm: Bool
    let escalate: [EscalationStep]?
    let smsMessage: String?
    let duration: Int?
    let tenantCode: String?
    let sound: String?
    let badge: Int?
    let sender: String?
    let sendDevice: String?
    let listenFlag: String?
    /// The idempotency key.
    let requestId: String
    let sendAt: String?
    let priority: String?
    let collapseKey: String?
    let localized: [String: [String: String]]?
    let platforms: JSONValue?

    init(_ message: OutgoingMessage, to audience: Audience, appID: String, appKey: String) {
        appId = appID
        self.appKey = appKey
        (audienceType, audiences) =
            switch audience {
            case .aliases(let names): ("ALIAS", names)
            case .tags(let names): ("TAG", names)
            case .devices(let ids): ("DEVICE", ids)
            case .everyone: ("ALL", ["ALL"])
            }
        platform = message.platform?.rawValue ?? "ALL"
        alert = message.alert
        title = message.title
        uri = message.uri
        extra = message.extra
        pushMsgType = message.isCommand ? "CMD" : "MSG"
        needConfirm = message.needConfirm
        escalate = message.escalate
        smsMessage = message.smsMessage
        duration = message.duration
        tenantCode = message.tenantCode
        sound = message.sound
        badge = message.badge
        sender = message.sender
        sendDevice = message.sendDevice
        listenFlag = message.listenFlag
        requestId = message.idempotencyKey ?? UUID().uuidString
        sendAt = message.sendAt
        priority = message.priority
        collapseKey = message.collapseKey
        localized = message.localized
        platforms = message.platforms
    }
}
