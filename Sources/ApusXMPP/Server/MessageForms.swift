import ApusCore
import NIOCore

/// A message as clients get it. What recipients share is encoded once; in front of it comes what is each one's own.
enum MessageForms {
    private static let notification: StaticString = "xmpp.notification"
    private static let message: StaticString = "xmpp.message"
    /// A message that is older than this when it is sent has waited (XEP-0203).
    private static let delayed: Int64 = 2000

    /// An AndroidPN notification (seed 000). Its IQ's id is the message's, so that it stays the same when it is sent
    /// again. All five elements are always there; `extra` is ours and old clients pass over it.
    static func notification(
        _ message: Message, to address: String, _ settings: XMPPSettings, forms: inout EncodedForms
    ) -> ByteBuffer {
        let shared = forms.bytes(for: FormKey(notification, variant: message.variant)) {
            var writer = StanzaWriter(capacity: 512)
            writer.open("notification", settings.notificationNamespace)
            writer.element("id", text: message.id.description)
            writer.element("apiKey", text: message.appID)
            writer.element("title", text: message.content.title ?? "")
            writer.element("message", text: message.content.alert)
            writer.element("uri", text: message.content.uri ?? "")
            if let extra = message.content.extra { writer.element("extra", text: extra) }
            writer.close("notification")
            return writer.take()
        }
        var writer = StanzaWriter(capacity: 128 + shared.readableBytes)
        writer.open("iq")
        writer.attribute("type", "set")
        writer.attribute("id", message.id.description)
        writer.attribute("to", address)
        writer.raw(shared)
        writer.close("iq")
        return writer.take()
    }

    /// A message of XMPP (RFC 6121 §5) that asks for a receipt and a marker, with all of the Apus message as JSON
    /// (XEP-0335). A command has no body, as it is not for people.
    static func message(
        _ message: Message, to address: String, _ settings: XMPPSettings, now: Timestamp, forms: inout EncodedForms
    ) -> ByteBuffer {
        let shared = forms.bytes(for: FormKey(self.message, variant: message.variant)) {
            let content = message.content
            var writer = StanzaWriter(capacity: 768)
            if let title = content.title { writer.element("subject", text: title) }
            if content.kind == .message { writer.element("body", text: content.alert) }
            if let recalled = content.recalls { retract(recalled, &writer) }
            writer.element("request", Namespace.receipts)
            writer.element("markable", Namespace.chatMarkers)
            var json = ByteBuffer()
            json.writeMessage(message, for: .ios)
            writer.element("json", Namespace.json, text: String(buffer: json))
            if now.milliseconds - message.sentFrom.milliseconds > delayed {
                writer.open("delay", Namespace.delay)
                writer.attribute("from", settings.domain)
                writer.attribute("stamp", message.sentFrom.rfc3339)
                writer.close("delay")
            }
            return writer.take()
        }
        var writer = StanzaWriter(capacity: 128 + shared.readableBytes)
        writer.open("message")
        // A device's own message comes from it; what a program sends comes from us.
        let sender = message.content.senderAddress
        writer.attribute("from", sender ?? settings.domain)
        writer.attribute("to", address)
        writer.attribute("id", message.id.description)
        if sender != nil { writer.attribute("type", "chat") }
        writer.raw(shared)
        writer.close("message")
        return writer.take()
    }

    /// Message retraction (XEP-0424 §3).
    private static func retract(_ message: MessageID, _ writer: inout StanzaWriter) {
        writer.open("retract", Namespace.retraction)
        writer.attribute("id", message.description)
        writer.close("retract")
    }
}
