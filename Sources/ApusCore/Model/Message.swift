/// An accepted message. A class, so that all its recipients share one copy.
package final class Message: Sendable {
    package let id: MessageID
    package let app: AppNumber
    package let appID: String
    package let tenant: String
    package let content: MessageContent
    /// Whether a delivery stays open until its device confirms it.
    package let needsConfirmation: Bool
    /// Its id tells so too, unless the clock was set back: ids grow all the same.
    package let acceptedAt: Timestamp
    /// From then on it is not delivered any more.
    package let expiresAt: Timestamp
    /// When it was to be sent, if not when it was accepted.
    package let sendAt: Timestamp?
    /// Which of its variants the content is; empty if there are none, or all of them.
    package let variant: String

    /// - Parameter acceptedAt: nil if its id tells.
    package init(
        id: MessageID, app: AppNumber, appID: String, tenant: String, content: MessageContent,
        needsConfirmation: Bool, acceptedAt: Timestamp? = nil, expiresAt: Timestamp, sendAt: Timestamp? = nil,
        variant: String = ""
    ) {
        self.id = id
        self.app = app
        self.appID = appID
        self.tenant = tenant
        self.content = content
        self.needsConfirmation = needsConfirmation
        self.acceptedAt = acceptedAt ?? id.time
        self.expiresAt = expiresAt
        self.sendAt = sendAt
        self.variant = variant
    }

    /// When it was sent, or is to be.
    package var sentFrom: Timestamp { sendAt ?? acceptedAt }

    /// The message as a device of this platform and language is to get it.
    package func adapted(to platform: Platform, _ language: String?) -> Message {
        guard let variants = content.variants else { return self }
        let (adapted, name) = variants.applied(to: content, platform, language)
        return Message(
            id: id, app: app, appID: appID, tenant: tenant, content: adapted, needsConfirmation: needsConfirmation,
            acceptedAt: acceptedAt, expiresAt: expiresAt, sendAt: sendAt, variant: name)
    }
}
