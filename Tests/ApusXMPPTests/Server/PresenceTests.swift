import Testing

@testable import ApusXMPP

@Suite("Presence and the roster")
struct PresenceTests {
    private static let reflected =
        #"<presence from="ann@example.org/phone" to="ann@example.org/phone"/>"#

    private func bound() -> Screenplay {
        let play = Screenplay(isEncrypted: true)
        play.bind()
        return play
    }

    @Test("starts delivery the first time, and is reflected")
    func first() {
        let play = bound()
        play.device(#"<presence id="p"><status>here</status></presence>"#)
        play.server(
            #"<presence id="p" from="ann@example.org/phone" to="ann@example.org/phone"><status>here</status></presence>"#
        )
        play.house(.attach("ann"))
        #expect(play.session.isAvailable)
    }

    @Test("is a heartbeat from then on, which is neither answered nor delivers anything again")
    func heartbeat() {
        let play = bound()
        play.becomeAvailable()
        for _ in 0..<3 { play.device(#"<presence id="5yf2Q-195"></presence>"#) }
        play.serverIsSilent()
        play.house()
    }

    @Test("stops delivery when it is unavailable, and starts it again")
    func unavailable() {
        let play = bound()
        play.becomeAvailable()
        play.device(#"<presence type="unavailable"/>"#)
        play.serverIsSilent()
        play.house(.detach)
        play.device(#"<presence type="unavailable"/>"#)
        play.house()
        play.device("<presence/>")
        play.server(Self.reflected)
        play.house(.attach("ann"))
    }

    @Test("stops delivery with a negative priority, and with no other")
    func priority() {
        let play = bound()
        play.device("<presence><priority>-1</priority></presence>")
        play.house()
        play.device("<presence><priority>0</priority></presence>")
        play.house(.attach("ann"))
        play.device("<presence><priority>-128</priority></presence>")
        play.house(.detach)
        play.device("<presence><priority>127</priority></presence>")
        play.house(.attach("ann"))
    }

    @Test(
        "is refused when it asks for somebody's presence",
        arguments: ["subscribe", "subscribed", "unsubscribe", "probe"])
    func subscription(type: String) {
        let play = bound()
        play.device(#"<presence type="\#(type)" id="p"/>"#)
        play.server(
            #"<presence type="error" id="p" to="ann@example.org/phone"><error code="400" type="modify">"#
                + "<bad-request \(Screenplay.stanzas)/><text \(Screenplay.stanzas)>There are no subscriptions here.</text></error></presence>"
        )
        play.house()
        #expect(!play.session.isAvailable)
    }

    @Test("that is an error is not answered")
    func error() {
        let play = bound()
        play.device(#"<presence type="error"><error/></presence>"#)
        play.serverIsSilent()
        play.house()
    }

    @Test("for somebody else is passed on and starts nothing")
    func directed() {
        let play = bound()
        play.device(#"<presence to="bob@example.org/pc"/>"#)
        play.serverIsSilent()
        play.house(.route(#"<presence to="bob@example.org/pc" from="ann@example.org/phone"/>"#))
        #expect(!play.session.isAvailable)
    }

    @Test("the roster is empty, and stays so")
    func roster() {
        let play = Screenplay()
        play.logIn()
        play.device(#"<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>"#)
        play.server(
            #"<iq type="result" id="r" to="ann@example.org/AndroidpnClient"><query xmlns="jabber:iq:roster"/></iq>"#)
        let item = #"<query xmlns="jabber:iq:roster"><item jid="bob@example.org"/></query>"#
        play.device(#"<iq type="set" id="r">\#(item)</iq>"#)
        play.server(
            #"<iq type="error" id="r" to="ann@example.org/AndroidpnClient">\#(item)"#
                + #"<error code="405" type="cancel"><not-allowed \#(Screenplay.stanzas)/></error></iq>"#)
    }
}
