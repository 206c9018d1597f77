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
    /// How much it matters; nil for as much as what it is does.
    package var urgency: Urgency?
    /// A later message with the same key takes this one's place on each device that has not got it.
    package var collapseKey: String?
    /// What of it reads otherwise on some devices; nil if nothing does.
    package var variants: MessageVariants?
    /// The message that this one takes back. The rest then says nothing.
    package var recalls: MessageID?
    /// What was posted to an endpoint. The rest then says nothing.
    package var push: EndpointPush?

    package init(
        kind: Kind = .message, title: String? = nil, alert: String, uri: String? = nil, extra: String? = nil,
        sound: String? = nil, badge: Int64? = nil, listenFlag: String? = nil, sender: String? = nil,
        senderDevice: String? = nil, senderAddress: String? = nil, smsMessage: String? = nil,
        apns: String? = nil, urgency: Urgency? = nil, collapseKey: String? = nil, variants: MessageVariants? = nil,
        recalls: MessageID? = nil, push: EndpointPush? = nil
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
        self.urgency = urgency
        self.collapseKey = collapseKey
        self.variants = variants
        self.recalls = recalls
        self.push = push
    }
}
