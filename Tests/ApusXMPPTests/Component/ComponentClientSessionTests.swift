import Testing

@testable import ApusXMPP

@Suite("Our own stream as a component (XEP-0114)")
struct ComponentClientSessionTests {
    private let play = ClientPlay(ComponentClientSession(domain: "up.example.org", secret: "test"))

    private static let header =
        "<?xml version='1.0' encoding='UTF-8'?>"
        + #"<stream:stream xmlns:stream="http://etherx.jabber.org/streams" xmlns="jabber:component:accept" "#
        + #"to="up.example.org">"#
    private static let answer =
        #"<stream:stream xmlns:stream="http://etherx.jabber.org/streams" xmlns="jabber:component:accept" "#
        + #"from="up.example.org" id="3BF96D32">"#

    private func error(_ condition: String) -> String {
        #"<stream:error><\#(condition) xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error></stream:stream>"#
    }

    private func attach(sourceLocation: SourceLocation = #_sourceLocation) {
        play.client(Self.header, sourceLocation: sourceLocation)
        play.server(Self.answer)
        // The example of XEP-0114 §3.
        play.client(
            "<handshake>aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e</handshake>", sourceLocation: sourceLocation)
        play.server("<handshake/>")
        play.outcome(.ready("up.example.org", resumed: false), sourceLocation: sourceLocation)
    }

    @Test("proves the secret with the id of the stream")
    func handshake() { attach() }

    @Test(
        "tells what to change",
        arguments: [
            ("not-authorized", true, "The server does not accept the secret of the component up.example.org."),
            ("host-unknown", true, "The server is not configured to have a component up.example.org."),
            ("conflict", false, "The server has a component up.example.org already."),
            ("system-shutdown", false, "The server ended the stream: system-shutdown."),
        ])
    func refusal(condition: String, needsAttention: Bool, reason: String) throws {
        play.server(Self.answer + error(condition))
        let ending = try #require(play.takeEnding())
        #expect(ending.reason.hasPrefix(reason) && ending.needsAttention == needsAttention)
    }

    @Test("is told from that of a client")
    func wrongPort() {
        play.server(ClientLines.answer)
        #expect(play.takeEnding() == .refused("This is not the port where components attach."))
    }

    @Test("passes on stanzas as if they were a client's, and writes them as a component's")
    func stanzas() throws {
        attach()
        let stanza = #"<message from="ann@example.org" to="up.example.org"><body>hi</body></message>"#
        play.server(stanza)
        play.outcome(.stanza(stanza))
        try play.send(#"<message to="ann@example.org"><body>hi</body></message>"#)
        play.client(#"<message to="ann@example.org" from="up.example.org"><body>hi</body></message>"#)
        try play.send(#"<message from="a@up.example.org" to="ann@example.org"/>"#)
        play.client(#"<message from="a@up.example.org" to="ann@example.org"/>"#)
    }

    @Test("answers pings")
    func answerPing() {
        attach()
        play.server(
            #"<iq type="get" id="1" from="ann@example.org/x" to="up.example.org"><ping xmlns="urn:xmpp:ping"/></iq>"#)
        play.client(#"<iq type="result" id="1" from="up.example.org" to="ann@example.org/x"/>"#)
        play.outcome()
    }

    @Test("pings itself through the server, and tells nobody of that")
    func ownPing() {
        attach()
        play.ping()
        let ping =
            #"<iq type="get" id="apus-stream-1" from="up.example.org" to="up.example.org">"#
            + #"<ping xmlns="urn:xmpp:ping"/></iq>"#
        play.client(ping)
        play.server(ping)
        play.server(#"<iq type="error" id="apus-stream-1" from="up.example.org" to="up.example.org"/>"#)
        play.client("")
        play.outcome()
    }

    @Test("sends nothing before it is attached")
    func early() throws {
        _ = play.takeOutput()
        play.server(Self.answer)
        _ = play.takeOutput()
        try play.send("<message/>")
        play.ping()
        play.client("")
    }

    @Test("ends in order")
    func close() {
        attach()
        play.close()
        play.client("</stream:stream>")
        play.outcome(.ended(nil))
    }

    @Test(
        "ends with an error for what does not belong there",
        arguments: [
            ("<x/>", "unsupported-stanza-type"), ("<iq></x>", "not-well-formed"), ("<!-- -->", "restricted-xml"),
        ])
    func nonsense(text: String, condition: String) {
        attach()
        play.server(text)
        #expect(play.takeOutput().contains("<\(condition) "))
        #expect(play.takeEnding()?.needsAttention == false)
    }
}
