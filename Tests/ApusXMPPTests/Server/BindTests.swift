import Testing

@testable import ApusXMPP

@Suite("Binding a resource")
struct BindTests {
    private static let namespace = #"xmlns="urn:ietf:params:xml:ns:xmpp-bind""#

    private func bind(_ children: String, type: String = "set") -> String {
        #"<iq id="b" type="\#(type)"><bind \#(Self.namespace)>\#(children)</bind></iq>"#
    }

    @Test("takes the client's own resource")
    func ownResource() {
        let play = Screenplay(isEncrypted: true)
        play.authenticate()
        play.device(bind("<resource>Ann's phone</resource>"))
        play.server(
            #"<iq type="result" id="b" to="ann@example.org/Ann's phone"><bind \#(Self.namespace)>"#
                + "<jid>ann@example.org/Ann's phone</jid></bind></iq>")
        play.house(.claim("ann"))
        #expect(play.session.login?.usesNotifications == false)
    }

    @Test("makes a resource if the client has none", arguments: ["", "<resource/>"])
    func generated(children: String) throws {
        var resources: Set<String> = []
        for _ in 0..<2 {
            let play = Screenplay(isEncrypted: true)
            play.authenticate()
            play.device(bind(children))
            play.server(
                #"<iq type="result" id="b" to="ann@example.org/{resource}"><bind \#(Self.namespace)>"#
                    + "<jid>ann@example.org/{resource}</jid></bind></iq>")
            resources.insert(try #require(play.session.address?.resource))
        }
        #expect(resources.count == 2)
    }

    @Test("sends notifications to the resource of AndroidPN clients")
    func notifications() {
        let play = Screenplay(isEncrypted: true)
        play.bind(resource: "AndroidpnClient")
        #expect(play.session.login?.usesNotifications == true)
        let other = Screenplay(isEncrypted: true) { $0.notificationResource = "legacy" }
        other.bind(resource: "AndroidpnClient")
        #expect(other.session.login?.usesNotifications == false)
    }

    @Test("refuses what cannot be a resource, and takes another")
    func refused() {
        let play = Screenplay(isEncrypted: true)
        play.authenticate()
        let long = String(repeating: "x", count: 1024)
        play.device(bind("<resource>\(long)</resource>"))
        play.server(
            #"<iq type="error" id="b"><bind \#(Self.namespace)><resource>\#(long)</resource></bind>"#
                + #"<error code="400" type="modify"><bad-request \#(Screenplay.stanzas)/>"#
                + "<text \(Screenplay.stanzas)>The resource cannot be used.</text></error></iq>")
        play.device(bind("<resource>phone</resource>", type: "get"))
        #expect(play.takeOutput().contains("<bad-request "))
        play.device(bind("<resource>phone</resource>"))
        #expect(play.takeOutput().hasPrefix(#"<iq type="result" id="b" to="ann@example.org/phone">"#))
    }

    @Test("happens once")
    func twice() {
        let play = Screenplay(isEncrypted: true)
        play.bind()
        play.device(bind("<resource>tablet</resource>"))
        play.server(
            #"<iq type="error" id="b" to="ann@example.org/phone"><bind \#(Self.namespace)><resource>tablet</resource></bind>"#
                + #"<error code="405" type="cancel"><not-allowed \#(Screenplay.stanzas)/></error></iq>"#)
        play.house()
    }

    @Test("comes before everything else")
    func first() {
        let play = Screenplay(isEncrypted: true)
        play.authenticate()
        play.device(#"<iq id="1" type="get"><query xmlns="jabber:iq:roster"/></iq>"#)
        play.server(
            #"<iq type="error" id="1"><query xmlns="jabber:iq:roster"/>"#
                + #"<error code="401" type="auth"><not-authorized \#(Screenplay.stanzas)/></error></iq>"#)
        play.device("<presence/>")
        #expect(play.takeOutput().hasPrefix("<stream:error><not-authorized "))
    }

    @Test("is followed by a session request from older clients, which changes nothing")
    func session() {
        let play = Screenplay(isEncrypted: true)
        play.bind()
        for _ in 0..<2 {
            play.device(#"<iq id="s" type="set"><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>"#)
            play.server(#"<iq type="result" id="s" to="ann@example.org/phone"/>"#)
        }
        play.house()
    }
}
