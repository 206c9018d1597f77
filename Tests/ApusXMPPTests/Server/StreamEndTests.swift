import Testing

@testable import ApusXMPP

@Suite("The end of a client's stream")
struct StreamEndTests {
    private func error(_ condition: String) -> String {
        #"<stream:error><\#(condition) xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error></stream:stream>"#
    }

    @Test("ends when the client ends it")
    func closed() {
        let play = Screenplay()
        play.open()
        play.device("</stream:stream>")
        play.server("</stream:stream>")
        play.house(.close)
        play.device("<iq/>")
        play.serverIsSilent()
    }

    @Test("that was available is detached before it ends, whoever ends it")
    func detached() {
        let closing = Screenplay()
        closing.logIn()
        closing.becomeAvailable()
        closing.device(#"<presence type="unavailable"/></stream:stream>"#)
        closing.server("</stream:stream>")
        closing.house(.detach, .close)
        let closed = Screenplay()
        closed.logIn()
        closed.becomeAvailable()
        closed.end(StreamError(.systemShutdown))
        closed.server(error("system-shutdown"))
        closed.house(.detach, .close)
        closed.end(StreamError(.conflict))
        closed.serverIsSilent()
    }

    @Test("ends without an answer to the client's own error")
    func clientError() {
        let play = Screenplay()
        play.logIn()
        play.device(
            #"<stream:error><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>"#)
        play.server("</stream:stream>")
        play.house(.close)
    }

    @Test("tells what is wrong with it before it was opened in a header of ours")
    func errorBeforeHeader() {
        let play = Screenplay()
        play.device("GET / HTTP/1.1\r\n\r\n")
        play.server(Screenplay.answer.replacing("{stream}", with: "0") + error("not-well-formed"))
        play.house(.close)
    }

    @Test("tells what is wrong with a stream that begins anew in another header of ours")
    func errorBeforeNextHeader() {
        let tls = Screenplay { $0.offersTLS = true }
        tls.open()
        tls.device(#"<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#)
        tls.server(#"<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#)
        let sasl = Screenplay(isEncrypted: true)
        sasl.open()
        sasl.device(#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">AGFubgBzZWNyZXQ=</auth>"#)
        sasl.server(#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#)
        for play in [tls, sasl] {
            play.device("GET / HTTP/1.1\r\n\r\n")
            play.server(Screenplay.answer.replacing("{stream}", with: "0") + error("not-well-formed"))
        }
    }

    @Test("ends with an error for a namespace or a version that is not ours")
    func wrongStream() {
        let component = Screenplay()
        component.device(
            #"<stream:stream to="h" xmlns="jabber:component:accept" xmlns:stream="http://etherx.jabber.org/streams">"#)
        component.server(Screenplay.answer + error("invalid-namespace"))
        component.house(.close)
        let newer = Screenplay()
        newer.device(Screenplay.header.replacing("1.0", with: "2.0"))
        newer.server(Screenplay.answer + error("unsupported-version"))
        newer.house(.close)
    }

    @Test(
        "ends with an error for what XMPP forbids in XML",
        arguments: ["<!-- a comment -->", "<?php exit ?>", "<message><body>&nbsp;</body></message>"])
    func restrictedXML(text: String) {
        let play = Screenplay()
        play.open()
        play.device(text)
        #expect(play.takeOutput().hasPrefix("<stream:error><restricted-xml "))
        play.house(.close)
    }

    @Test(
        "ends with an error for an element that is no stanza",
        arguments: [
            "<query/>", #"<x xmlns="urn:unknown"/>"#, #"<iq xmlns="urn:unknown" id="1" type="get"/>"#,
            #"<iq xmlns="jabber:component:accept" id="1" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#,
            #"<x xmlns="urn:xmpp:sm:3"/>"#, #"<x xmlns="urn:xmpp:csi:0"/>"#,
        ])
    func unsupportedStanza(text: String) {
        let play = Screenplay()
        play.logIn()
        play.device(text)
        play.server(error("unsupported-stanza-type"))
        play.house(.close)
    }

    @Test("ends with an error for messages and presence of somebody unknown", arguments: ["message", "presence"])
    func tooEarly(name: String) {
        let play = Screenplay()
        play.open()
        play.device("<\(name)/>")
        play.server(error("not-authorized"))
        play.house(.close)
    }

    @Test("ends with an error for stanzas that say to be from somebody else")
    func invalidFrom() {
        for from in ["bob@example.org", "ann@example.org/other", "ann@elsewhere.org/phone", "ann", "@"] {
            let play = Screenplay(isEncrypted: true)
            play.bind()
            play.device(#"<presence from="\#(from)"/>"#)
            play.server(error("invalid-from"))
            play.house(.close)
        }
        for from in ["ann@example.org", "ANN@Example.org/phone"] {
            let play = Screenplay(isEncrypted: true)
            play.bind()
            play.device(#"<presence from="\#(from)"/>"#)
            play.house(.attach("ann"))
        }
    }
}
