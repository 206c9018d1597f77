import Testing

@testable import ApusXMPP

@Suite("IQs: ping, discovery and the rules for all")
struct DiscoveryTests {
    private static let info = #"xmlns="http://jabber.org/protocol/disco#info""#
    private static let items = #"xmlns="http://jabber.org/protocol/disco#items""#
    private static let to = #"to="ann@example.org/phone""#

    private func bound(services: [String] = []) -> Screenplay {
        let play = Screenplay(isEncrypted: true, services: services)
        play.bind()
        return play
    }

    @Test("a ping is answered, from whom it was for", arguments: ["", "example.org", "ann@example.org"])
    func ping(address: String) {
        let play = bound()
        let request = address.isEmpty ? "" : #" to="\#(address)""#
        let answer = address.isEmpty ? "" : #" from="\#(address)""#
        play.device(#"<iq id="1" type="get"\#(request)><ping xmlns="urn:xmpp:ping"/></iq>"#)
        play.server(#"<iq type="result" id="1"\#(answer) \#(Self.to)/>"#)
    }

    @Test("the server tells what it is and what it can")
    func serverInfo() {
        let play = bound()
        play.device(#"<iq id="1" type="get" to="example.org"><query \#(Self.info)/></iq>"#)
        play.server(
            #"<iq type="result" id="1" from="example.org" \#(Self.to)><query \#(Self.info)>"#
                + #"<identity category="server" type="im" name="Apus"/>"#
                + [
                    "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "urn:xmpp:ping",
                    "jabber:iq:register", "jabber:iq:roster", "msgoffline",
                ].map { #"<feature var="\#($0)"/>"# }.joined() + "</query></iq>")
    }

    @Test(
        "an account tells that it is one, and so does one's own without an address", arguments: ["ann@example.org", ""])
    func accountInfo(address: String) {
        let play = bound()
        let request = address.isEmpty ? "" : #" to="\#(address)""#
        let answer = address.isEmpty ? "" : #" from="\#(address)""#
        play.device(#"<iq id="1" type="get"\#(request)><query \#(Self.info)/></iq>"#)
        play.server(
            #"<iq type="result" id="1"\#(answer) \#(Self.to)><query \#(Self.info)>"#
                + #"<identity category="account" type="registered" name="Apus"/></query></iq>"#)
    }

    @Test("the server's items are the components, by name; an account has none")
    func serverItems() {
        let play = bound(services: ["up.example.org", "bots.example.org"])
        play.device(#"<iq id="1" type="get" to="example.org"><query \#(Self.items)/></iq>"#)
        play.server(
            #"<iq type="result" id="1" from="example.org" \#(Self.to)><query \#(Self.items)>"#
                + #"<item jid="bots.example.org"/><item jid="up.example.org"/></query></iq>"#)
        play.device(#"<iq id="2" type="get" to="ann@example.org"><query \#(Self.items)/></iq>"#)
        play.server(#"<iq type="result" id="2" from="ann@example.org" \#(Self.to)><query \#(Self.items)/></iq>"#)
    }

    @Test("there is nothing at nodes")
    func nodes() {
        let play = bound()
        for namespace in [Self.info, Self.items] {
            play.device(#"<iq id="1" type="get" to="example.org"><query \#(namespace) node="x"/></iq>"#)
            play.server(
                #"<iq type="error" id="1" from="example.org" \#(Self.to)><query \#(namespace) node="x"/>"#
                    + #"<error code="404" type="cancel"><item-not-found \#(Screenplay.stanzas)/></error></iq>"#)
        }
    }

    @Test("what nobody knows is answered with 503", arguments: ["get", "set"])
    func unknown(type: String) {
        let play = bound()
        for payload in [
            #"<query xmlns="jabber:iq:version"/>"#, #"<query xmlns="jabber:iq:private"><x xmlns="urn:x"/></query>"#,
            #"<vCard xmlns="vcard-temp"/>"#,
        ] {
            play.device(#"<iq id="1" type="\#(type)">\#(payload)</iq>"#)
            play.server(
                #"<iq type="error" id="1" \#(Self.to)>\#(payload)<error code="503" type="cancel"><service-unavailable \#(Screenplay.stanzas)/></error></iq>"#
            )
        }
    }

    @Test(
        "an IQ has an id, a type and, if it asks, one child",
        arguments: [
            #"<iq id="1" type="get"/>"#, #"<iq id="1" type="set"><a xmlns="urn:x"/><b xmlns="urn:x"/></iq>"#,
            #"<iq type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#, #"<iq id="1"><ping xmlns="urn:xmpp:ping"/></iq>"#,
            #"<iq id="1" type="GET"><ping xmlns="urn:xmpp:ping"/></iq>"#,
        ])
    func malformed(line: String) {
        let play = bound()
        play.device(line)
        #expect(
            play.takeOutput().hasSuffix(
                #"<error code="400" type="modify"><bad-request \#(Screenplay.stanzas)/></error></iq>"#))
        #expect(!play.isOver)
    }

    @Test("answers are not answered", arguments: ["result", "error"])
    func answers(type: String) {
        let play = bound()
        play.device(#"<iq id="x" type="\#(type)"/><iq id="x" type="\#(type)"><x xmlns="urn:x"/></iq>"#)
        play.serverIsSilent()
    }
}
