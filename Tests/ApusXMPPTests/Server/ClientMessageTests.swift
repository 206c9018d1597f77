import ApusCore
import Testing

@testable import ApusXMPP

@Suite("Messages from clients, and what is for others")
struct ClientMessageTests {
    private static let receipts = #"xmlns="urn:xmpp:receipts""#
    private static let markers = #"xmlns="urn:xmpp:chat-markers:0""#

    private func bound() -> Screenplay {
        let play = Screenplay(isEncrypted: true)
        play.bind()
        play.becomeAvailable()
        return play
    }

    // MARK: Receipts and markers

    @Test("a receipt is taken for a message of ours", arguments: ["example.org", "ann@example.org"])
    func receipt(to: String) {
        let play = bound()
        play.device(#"<message to="\#(to)" id="x"><received \#(Self.receipts) id="42"/></message>"#)
        play.serverIsSilent()
        play.house(.confirm(42, .received))
        #expect(play.counted.last == .receipt)
    }

    @Test(
        "markers say that it was received or read",
        arguments: [("received", Receipt.received), ("displayed", .read), ("acknowledged", .read)])
    func marker(name: String, receipt: Receipt) {
        for type in ["", #" type="chat""#] {
            let play = bound()
            play.device(#"<message to="example.org"\#(type)><\#(name) \#(Self.markers) id="42"/></message>"#)
            play.serverIsSilent()
            play.house(.confirm(42, receipt))
            #expect(play.counted.last == .marker)
        }
    }

    @Test("what was displayed covers what came before it", arguments: ["displayed", "acknowledged"])
    func markerCoversEarlier(name: String) {
        let play = bound()
        for number: Int64 in 41...44 { play.push(number) }
        play.device(#"<message to="example.org"><received \#(Self.markers) id="44"/></message>"#)
        play.house(.confirm(44, .received))
        play.device(#"<message to="example.org"><\#(name) \#(Self.markers) id="43"/></message>"#)
        play.house(.confirm(41, .read), .confirm(42, .read), .confirm(43, .read))
        play.device(#"<message to="example.org"><\#(name) \#(Self.markers) id="44"/></message>"#)
        play.house(.confirm(44, .read))
    }

    @Test("one message may say several things")
    func several() {
        let play = bound()
        play.device(
            #"<message to="example.org"><received \#(Self.receipts) id="42"/><displayed \#(Self.markers) id="41"/></message>"#
        )
        play.house(.confirm(42, .received), .confirm(41, .read))
    }

    @Test(
        "a receipt that is of no message of ours is passed over",
        arguments: [
            #"<received xmlns="urn:xmpp:receipts"/>"#, #"<received xmlns="urn:xmpp:receipts" id="m1"/>"#,
            #"<displayed xmlns="urn:xmpp:receipts" id="42"/>"#, #"<received xmlns="urn:other" id="42"/>"#,
            #"<request xmlns="urn:xmpp:receipts"/>"#,
        ])
    func otherReceipt(child: String) {
        let play = bound()
        play.device(#"<message to="example.org">\#(child)</message>"#)
        play.serverIsSilent()
        play.house()
    }

    @Test("a receipt in an error is none")
    func receiptInError() {
        let play = bound()
        play.device(#"<message type="error" to="example.org"><received \#(Self.receipts) id="42"/></message>"#)
        play.serverIsSilent()
        play.house()
    }

    @Test("a receipt to the account that sent the message is taken, and not passed on")
    func receiptToAccount() {
        let play = bound()
        play.device(#"<message to="bob@example.org/pc"><received \#(Self.receipts) id="42"/></message>"#)
        play.house(.confirm(42, .received))
    }

    // MARK: To accounts

    @Test("a message with a body to an account becomes a push from this very client")
    func submit() {
        let play = bound()
        play.device(
            #"<message to="Bob@Example.org" id="m" type="chat" from="ann@example.org"><body>hi &amp; bye</body></message>"#
        )
        play.serverIsSilent()
        play.house(
            .submit(
                #"<message to="Bob@Example.org" id="m" type="chat" from="ann@example.org/phone"><body>hi &amp; bye</body></message>"#,
                to: "bob"))
    }

    @Test("a message with a body to one's own account is for that account too")
    func submitToOneself() {
        let play = bound()
        play.device(#"<message to="ann@example.org"><body>note</body></message>"#)
        play.house(
            .submit(
                #"<message to="ann@example.org" from="ann@example.org/phone"><body>note</body></message>"#, to: "ann"))
    }

    @Test("a message for nobody is for one's own account, and the server reads none")
    func withoutAddress() {
        let play = bound()
        play.device("<message><body>note</body></message>")
        play.house(.submit(#"<message from="ann@example.org/phone"><body>note</body></message>"#, to: "ann"))
        play.device(#"<message to="example.org" id="m"><body>hi</body></message>"#)
        play.server(
            #"<message type="error" id="m" from="example.org" to="ann@example.org/phone"><body>hi</body>"#
                + #"<error code="503" type="cancel"><service-unavailable \#(Screenplay.stanzas)/>"#
                + "<text \(Screenplay.stanzas)>Nobody reads messages to the server.</text></error></message>")
        play.device(#"<message to="example.org"/>"#)
        play.serverIsSilent()
        play.house()
    }

    @Test("what is only for who is there now does not become a push", arguments: ["groupchat", "headline"])
    func notStored(type: String) {
        let play = bound()
        let rest = #"type="\#(type)""#
        play.device(#"<message to="bob@example.org/pc" \#(rest)><body>now</body></message>"#)
        play.house(
            .route(
                #"<message to="bob@example.org/pc" \#(rest) from="ann@example.org/phone"><body>now</body></message>"#))
    }

    @Test("a message without a body is for who is there now")
    func chatState() {
        let play = bound()
        play.device(
            #"<message to="bob@example.org"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>"#)
        play.house(
            .route(
                #"<message to="bob@example.org" from="ann@example.org/phone"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>"#
            ))
    }

    @Test("a message to a malformed address is refused")
    func malformed() {
        let play = bound()
        play.device(#"<message to="@" id="m"><body>hi</body></message>"#)
        play.server(
            #"<message type="error" id="m" from="@" to="ann@example.org/phone"><body>hi</body>"#
                + #"<error code="400" type="modify"><jid-malformed \#(Screenplay.stanzas)/></error></message>"#)
        play.house()
    }

    @Test("an error is never answered")
    func error() {
        let play = bound()
        play.device(#"<message type="error" to="@"><body>hi</body></message>"#)
        play.serverIsSilent()
        play.house()
        #expect(play.counted.last == .errorAnswer)
    }

    // MARK: To others

    @Test("stanzas for components and other clients are passed on with this client's address")
    func route() {
        let play = bound()
        play.device(#"<message to="up.example.org" from="ann@example.org"><body>hi</body></message>"#)
        play.house(.route(#"<message to="up.example.org" from="ann@example.org/phone"><body>hi</body></message>"#))
        for type in ["get", "set", "result", "error"] {
            play.device(#"<iq to="bob@example.org/pc" id="1" type="\#(type)"><x xmlns="urn:x"/></iq>"#)
            play.house(
                .route(
                    #"<iq to="bob@example.org/pc" id="1" type="\#(type)" from="ann@example.org/phone"><x xmlns="urn:x"/></iq>"#
                ))
        }
        play.serverIsSilent()
    }

    @Test("an AndroidPN client may have another name for us, and its address is set right")
    func legacyFrom() {
        let play = Screenplay(services: ["up.example.org"])
        play.logIn()
        play.device(#"<iq to="up.example.org" id="1" type="get" from="ann@192.168.0.2/x"><x xmlns="urn:x"/></iq>"#)
        play.house(
            .route(
                #"<iq to="up.example.org" id="1" type="get" from="ann@example.org/AndroidpnClient"><x xmlns="urn:x"/></iq>"#
            )
        )
        play.device(#"<iq to="192.168.0.2" id="2" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#)
        play.server(#"<iq type="result" id="2" from="192.168.0.2" to="ann@example.org/AndroidpnClient"/>"#)
        play.device(#"<iq to="192.168.0.2" id="7" type="result"/>"#)
        play.house(.confirm(7, .acknowledged))
    }

    @Test("another client has no other name for us")
    func otherDomain() {
        let play = bound()
        play.device(#"<iq to="192.168.0.2" id="7" type="result"/>"#)
        play.house(.route(#"<iq to="192.168.0.2" id="7" type="result" from="ann@example.org/phone"/>"#))
    }
}
