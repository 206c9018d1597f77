import ApusCore
import NIOCore
import Testing

@testable import ApusXMPP

@Suite("A message as clients get it")
struct MessageFormsTests {
    private let settings: XMPPSettings = {
        var settings = XMPPSettings()
        settings.domain = "example.org"
        return settings
    }()
    /// 2026-11-21T02:31:00Z.
    private static let time = Timestamp(milliseconds: 1_795_228_260_000)
    private static let id = MessageID(lowestAt: time)

    private func message(_ content: MessageContent, confirm: Bool = false) -> Message {
        Message(
            id: Self.id, app: AppNumber(1), appID: "shop", tenant: "", content: content, needsConfirmation: confirm,
            expiresAt: Self.time.adding(seconds: 3600))
    }

    private func notification(_ content: MessageContent, _ settings: XMPPSettings) -> String {
        var forms = EncodedForms()
        return String(
            buffer: MessageForms.notification(
                message(content), to: "ann@example.org/AndroidpnClient", settings, forms: &forms))
    }

    private func text(_ content: MessageContent, confirm: Bool = false, after seconds: Int64 = 0) -> String {
        var forms = EncodedForms()
        return String(
            buffer: MessageForms.message(
                message(content, confirm: confirm), to: "ann@example.org/phone", settings,
                now: Self.time.adding(seconds: seconds), forms: &forms))
    }

    @Test("a recall retracts the message that it names (XEP-0424 §3)")
    func retraction() {
        let recall = text(MessageContent(kind: .command, alert: "", recalls: MessageID(5)))
        #expect(recall.contains(#"<retract xmlns="urn:xmpp:message-retract:1" id="5"/>"#))
        #expect(!recall.contains("<body"))
    }

    // MARK: Notifications

    @Test("a notification has all five elements, with the message's own id")
    func notification() {
        let content = MessageContent(title: "Order", alert: "It is on its way.", uri: "https://shop.example.org/42")
        #expect(
            notification(content, settings)
                == #"<iq type="set" id="\#(Self.id)" to="ann@example.org/AndroidpnClient">"#
                + #"<notification xmlns="androidpn:iq:notification"><id>\#(Self.id)</id><apiKey>shop</apiKey>"#
                + "<title>Order</title><message>It is on its way.</message><uri>https://shop.example.org/42</uri>"
                + "</notification></iq>")
    }

    @Test("what a notification lacks is an empty element, and its extra is one more")
    func sparseNotification() {
        #expect(
            notification(MessageContent(alert: "", extra: #"{"a":1}"#), settings)
                == #"<iq type="set" id="\#(Self.id)" to="ann@example.org/AndroidpnClient">"#
                + #"<notification xmlns="androidpn:iq:notification"><id>\#(Self.id)</id><apiKey>shop</apiKey>"#
                + #"<title/><message/><uri/><extra>{"a":1}</extra></notification></iq>"#)
    }

    @Test("a notification's namespace can be another, as descendants of AndroidPN listen for")
    func otherNamespace() {
        var settings = settings
        settings.notificationNamespace = "jpush:iq:notification"
        #expect(
            notification(MessageContent(alert: "x"), settings).contains(
                #"<notification xmlns="jpush:iq:notification"><id>"#))
    }

    @Test("what a message says is escaped, and characters that XML cannot hold are left out")
    func escaping() {
        let content = MessageContent(title: "<b>&\"'", alert: "]]>\u{1}é\u{1F426}\r\n\u{FFFF}.", uri: "https://a/?b&c")
        let xml = notification(content, settings)
        #expect(xml.contains("<title>&lt;b&gt;&amp;\"'</title>"))
        #expect(xml.contains("<message>]]&gt;é\u{1F426}&#13;\n.</message>"))
        #expect(xml.contains("<uri>https://a/?b&amp;c</uri>"))
    }

    // MARK: Messages

    @Test("a message has a subject, a body, requests for receipts and all of it as JSON")
    func message() {
        let content = MessageContent(title: "Order", alert: "5 < 6", uri: "https://a/42", extra: #"{"n":[1]}"#)
        #expect(
            text(content)
                == #"<message from="example.org" to="ann@example.org/phone" id="\#(Self.id)">"#
                + "<subject>Order</subject><body>5 &lt; 6</body>"
                + #"<request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/>"#
                + #"<json xmlns="urn:xmpp:json:0">{"id":"\#(Self.id)","appId":"shop","title":"Order","alert":"5 &lt; 6","#
                + #""uri":"https://a/42","extra":{"n":[1]},"pushMsgType":"MSG","needConfirm":false}</json></message>"#
        )
    }

    @Test("a message without a title has no subject, and a command has no body")
    func sparse() {
        #expect(!text(MessageContent(alert: "x")).contains("<subject"))
        let command = text(MessageContent(kind: .command, alert: "wipe"), confirm: true)
        #expect(!command.contains("<body"))
        #expect(command.contains(#""pushMsgType":"CMD""#) && command.contains(#""needConfirm":true"#))
    }

    @Test("a message tells when it was accepted if it has waited more than two seconds", arguments: [0, 2, 3, 86_400])
    func delay(seconds: Int64) {
        let xml = text(MessageContent(alert: "x"), after: seconds)
        let delay = #"<delay xmlns="urn:xmpp:delay" from="example.org" stamp="2026-11-21T02:31:00.000Z"/></message>"#
        #expect(xml.hasSuffix(delay) == (seconds > 2))
        #expect(xml.contains("<delay") == (seconds > 2))
    }

    @Test("a message of a client or a component comes from that, and of a program from us")
    func sender() {
        for address in ["bob@example.org/pc", "up.example.org"] {
            #expect(
                text(MessageContent(alert: "x", sender: address, senderAddress: address)).hasPrefix(
                    #"<message from="\#(address)" to="ann@example.org/phone" id="\#(Self.id)" type="chat">"#))
        }
        for sender in ["the shop", "bob@example.org/pc", "@/"] {
            #expect(
                text(MessageContent(alert: "x", sender: sender)).hasPrefix(
                    #"<message from="example.org" to="ann@example.org/phone" id="\#(Self.id)"><body>"#))
        }
    }

    @Test("recipients share what is the same for all, and each has an address of its own")
    func shared() {
        var forms = EncodedForms()
        let message = message(MessageContent(alert: "x"))
        let texts = ["ann@example.org/1", "bob@example.org/2"].flatMap { address in
            [
                String(buffer: MessageForms.notification(message, to: address, settings, forms: &forms)),
                String(
                    buffer: MessageForms.message(message, to: address, settings, now: Self.time, forms: &forms)),
            ]
        }
        #expect(texts[0].replacing("ann@example.org/1", with: "bob@example.org/2") == texts[2])
        #expect(texts[1].replacing("ann@example.org/1", with: "bob@example.org/2") == texts[3])
        #expect(texts[0].hasPrefix("<iq ") && texts[1].hasPrefix("<message "))
    }
}
