/// What every ingress turns its own wire form into: send this content to this audience.
package struct PushRequest: Sendable, Equatable {
    package var app: AppNumber
    package var appID: String
    package var audience: Audience
    package var content: MessageContent
    package var needsConfirmation: Bool
    /// Seconds from when it is sent until the message expires.
    package var timeToLive: Int64
    /// When to send it, if not at once. For whom it is, is known only then.
    package var sendAt: Timestamp?
    /// A repeated request with the same key, app and tenant is answered as the first was, for 24 hours.
    package var idempotencyKey: String?
    /// The device that it is for, by its native token, instead of the audience; it is registered if it is not.
    package var newDevice: DeviceRegistration?
    /// What is done until somebody confirms, which it then needs; nil for what the app's policy says.
    package var escalation: [EscalationPlan.Step]?
    /// Whether the app's policy counts for it.
    package var followsPolicy = true
    /// Who sends it.
    package var origin: Origin

    package init(
        app: AppNumber, appID: String, audience: Audience, content: MessageContent, needsConfirmation: Bool = false,
        timeToLive: Int64, sendAt: Timestamp? = nil, idempotencyKey: String? = nil, origin: Origin = Origin(.server)
    ) {
        self.app = app
        self.appID = appID
        self.audience = audience
        self.content = content
        self.needsConfirmation = needsConfirmation
        self.timeToLive = timeToLive
        self.sendAt = sendAt
        self.idempotencyKey = idempotencyKey
        self.origin = origin
    }
}

/// What the sender of a `PushRequest` learns once it is on disk.
package struct Acceptance: Sendable, Equatable {
    package let message: MessageID
    /// How many devices it is for.
    package let deliveries: Int
    /// Whether an earlier request with the same idempotency key had already been accepted.
    package let isRepeat: Bool

    package init(message: MessageID, deliveries: Int, isRepeat: Bool) {
        self.message = message
        self.deliveries = deliveries
        self.isRepeat = isRepeat
    }
}
