/// What a message says. Wire forms are made from it at the edge.
package struct MessageContent: Sendable, Equatable {
    package enum Kind: Int64, Sendable {
        /// Something to show.
        case message = 0
        /// A command for the app.
        case command = 1
    }

    package var kind: Kind
    package var title: String?
    package var alert: String
    /// What the device opens when its user taps the message.
    package var uri: String?
    /// The app's own data: the text of one JSON value.
    package var extra: String?
    package var sound: String?
    package var badge: Int64?
    package var listenFlag: String?
    package var sender: String?
    package var senderDevice: String?
    /// The address of the device or service that sent it, as the server knows it; nothing that a sender claims.
    package var senderAddress: String?
    package var smsMessage: String?
    /// What is for APNs alone, a JSON object: a payload that takes the place of the one made of the above, and headers.
    package var apns: String?
    /// What was posted to an endpoint. The rest then says nothing.
    package var push: EndpointPush?

    package init(
        kind: Kind = .message, title: String? = nil, alert: String, uri: String? = nil, extra: String? = nil,
        sound: String? = nil, badge: Int64? = nil, listenFlag: String? = nil, sender: String? = nil,
        senderDevice: String? = nil, senderAddress: String? = nil, smsMessage: String? = nil,
        apns: String? = nil, push: EndpointPush? = nil
    ) {
        self.kind = kind
        self.title = title
        self.alert = alert
        self.uri = uri
        self.extra = extra
        self.sound = sound
        self.badge = badge
        self.listenFlag = listenFlag
        self.sender = sender
        self.senderDevice = senderDevice
        self.senderAddress = senderAddress
        self.smsMessage = smsMessage
        self.apns = apns
        self.push = push
    }
}

/// An accepted message. A class, so that all its recipients share one copy.
package final class Message: Sendable {
    package let id: MessageID
    package let app: AppNumber
    package let appID: String
    package let tenant: String
    package let content: MessageContent
    /// Whether a delivery stays open until its device confirms it.
    package let needsConfirmation: Bool
    /// From then on it is not delivered any more.
    package let expiresAt: Timestamp

    package init(
        id: MessageID, app: AppNumber, appID: String, tenant: String, content: MessageContent,
        needsConfirmation: Bool, expiresAt: Timestamp
    ) {
        self.id = id
        self.app = app
        self.appID = appID
        self.tenant = tenant
        self.content = content
        self.needsConfirmation = needsConfirmation
        self.expiresAt = expiresAt
    }
}
