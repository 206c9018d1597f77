import Testing

@testable import ApusXMPP

@Suite("Making an account (XEP-0077)")
struct ClientRegistrationTests {
    private func play() throws -> ClientPlay<ClientSession> {
        let play = ClientPlay(ClientSession(try ClientLines.settings(), purpose: .register))
        play.encrypt()
        play.server(ClientLines.features(Screenplay.mechanisms("PLAIN")))
        play.client(
            #"<iq type="set" id="register"><query xmlns="jabber:iq:register"><username>ann</username>"#
                + "<password>secret</password></query></iq>")
        return play
    }

    @Test("ends when it is done")
    func success() throws {
        let play = try play()
        play.server(#"<iq type="result" id="register"/>"#)
        play.client("</stream:stream>")
        play.outcome(.ready("ann@example.org", resumed: false), .ended(nil))
    }

    @Test(
        "tells what to change",
        arguments: [
            ("conflict", "The name ann@example.org is taken."),
            ("not-allowed", "The server lets nobody register an account this way: not-allowed (no)."),
            (
                "not-acceptable",
                "The server does not take this name and password, or wants to know more: not-acceptable (no)."
            ),
        ])
    func refusal(condition: String, reason: String) throws {
        let play = try play()
        play.server(
            #"<iq type="error" id="register"><error type="cancel"><\#(condition) \#(Screenplay.stanzas)/>"#
                + "<text \(Screenplay.stanzas)>no</text></error></iq>")
        play.client("</stream:stream>")
        play.outcome(.ended(.refused(reason)))
    }
}
