import Testing

@testable import ApusXMPP

@Suite("Stream reader")
struct StreamReaderTests {
    private static let header =
        #"<stream:stream to="example.org" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" version="1.0">"#

    /// A stream with everything a parser may stumble over.
    private static let representative =
        "\u{FEFF}<?xml version='1.0' encoding='UTF-8'?>\n"
        + #"<stream:stream to="example.org" from='a@b' xml:lang="de" xmlns="jabber:client" "#
        + #"xmlns:stream="http://etherx.jabber.org/streams" xmlns:x='urn:&amp;x&quot;' version="1.0">"#
        + " \n<presence/>"
        + #"<iq id="1" type='set'><q:query xmlns:q="jabber:iq:auth"><q:username>b&#xF6;b &lt;&#128512;</q:username></q:query></iq>"#
        + "<message>\r\n<body>é<![CDATA[<raw> & ]]]]>€</body><x:y x:a='1' a='2'/> <none xmlns=''/> </message> \t "
        + #"<presence id="2"></presence><stream:error><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>"#
        + "</stream:stream>  <trailing"

    @Test("the header's attributes are told")
    func header() throws {
        let events = try read(Self.representative)
        #expect(
            events.first
                == .streamOpened(
                    StreamHeader(from: "a@b", to: "example.org", language: "de", version: "1.0")
                )
        )
        #expect(events.last == .streamClosed)
        #expect(events.count == 7)
    }

    @Test("elements keep their namespaces, attributes, order and text")
    func elements() throws {
        let events = try read(Self.representative)
        let query = XMLElement(
            "query",
            "jabber:iq:auth",
            children: [.element(XMLElement("username", "jabber:iq:auth", text: "böb <😀"))]
        )
        let iq = XMLElement("iq", "jabber:client", attributes: [.init("id", "1"), .init("type", "set")])
        var expected = iq
        expected.children = [.element(query)]
        #expect(events[2] == .element(expected))
        let message = XMLElement(
            "message",
            "jabber:client",
            children: [
                .text("\n"),
                .element(XMLElement("body", "jabber:client", text: "é<raw> & ]]€")),
                .element(
                    XMLElement(
                        "y",
                        "urn:&x\"",
                        attributes: [.init("a", "1", namespace: "urn:&x\""), .init("a", "2")]
                    )
                ),
                .text(" "),
                .element(XMLElement("none", "")),
                .text(" "),
            ]
        )
        #expect(events[3] == .element(message))
    }

    @Test("the seed's dialogue is understood")
    func seed() throws {
        let events = try read(
            #"<stream:stream to="192.168.167.131" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" version="1.0">"#
                + #"<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#
                + #"<iq id="5yf2Q-192" type="get"><query xmlns="jabber:iq:auth"><username>9278a6a6a33b47cfa6bfd212b226440c</username></query></iq>"#
                + #"<iq id="5yf2Q-193" type="set"><query xmlns="jabber:iq:auth"><username>9278a6a6a33b47cfa6bfd212b226440c</username>"#
                + "<digest>bb3214907ed9eee5f7e847fdf80d3784dc6a6417</digest><resource>AndroidpnClient</resource></query></iq>"
                + #"<presence id="5yf2Q-195"></presence>"#
        )
        #expect(events.first == .streamOpened(StreamHeader(to: "192.168.167.131", version: "1.0")))
        #expect(events[1] == .element(XMLElement("starttls", Namespace.tls)))
        guard case .element(let login) = events[3] else {
            Issue.record("no login")
            return
        }
        let query = try #require(login.child("query", "jabber:iq:auth"))
        #expect(login.attribute("id") == "5yf2Q-193")
        #expect(query.child("digest")?.text == "bb3214907ed9eee5f7e847fdf80d3784dc6a6417")
        #expect(query.child("resource")?.text == "AndroidpnClient")
        #expect(query.child("password") == nil)
        #expect(events[4] == .element(XMLElement("presence", Namespace.client, attributes: [.init("id", "5yf2Q-195")])))
    }

    @Test("a stream cut in two anywhere is the same stream")
    func twoParts() throws {
        let bytes = Array(Self.representative.utf8)
        let whole = try read(Self.representative)
        for cut in 1..<bytes.count {
            #expect(try read([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)")
        }
    }

    @Test("a stream that comes in pieces of any size is the same stream", arguments: 1...9)
    func pieces(size: Int) throws {
        let bytes = Array(Self.representative.utf8)
        let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        #expect(try read(pieces) == read(Self.representative))
    }

    @Test("bytes may come before the events of the ones before are taken")
    func receivedAhead() throws {
        let reader = TestConnection(limits: .authenticated)
        for byte in Self.representative.utf8 { reader.receive([byte]) }
        var events: [StreamEvent] = []
        while let event = try reader.next() {
            if event != .whitespace { events.append(event) }
            reader.receive([])
        }
        #expect(events == (try read(Self.representative)))
    }

    @Test("a prefix of one's own for the stream, and another default namespace, survive a change of parser")
    func otherPrefixes() throws {
        let events = try read([
            Array("<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' to='c'>".utf8),
            Array("<handshake>00</handshake>".utf8),
            Array("<s:error/>".utf8),
            Array("</s:stream>".utf8),
        ])
        #expect(
            events == [
                .streamOpened(StreamHeader(namespace: Namespace.component, to: "c")),
                .element(XMLElement("handshake", Namespace.component, text: "00")),
                .element(XMLElement("error", Namespace.streams)),
                .streamClosed,
            ]
        )
    }

    @Test("a stream without a prefix is a stream")
    func noPrefix() throws {
        let events = try read([
            Array("<stream xmlns='http://etherx.jabber.org/streams'>".utf8),
            Array("<iq xmlns='jabber:client'/>".utf8),
            Array("</stream>".utf8),
        ])
        #expect(events[0] == .streamOpened(StreamHeader(namespace: Namespace.streams)))
        #expect(events[1] == .element(XMLElement("iq", Namespace.client)))
        #expect(events[2] == .streamClosed)
        #expect(
            try read(["<stream:stream xmlns:stream='http://etherx.jabber.org/streams'/>"].map { Array($0.utf8) })
                == [.streamOpened(StreamHeader(namespace: "")), .streamClosed]
        )
    }

    @Test("white space between stanzas is told and takes no parser")
    func whiteSpace() throws {
        let pool = ParserPool()
        let reader = TestConnection(pool: pool)
        reader.receive(Self.header.utf8)
        #expect(try reader.next() != nil)
        #expect(try reader.next() == nil)
        #expect(!reader.holdsParser)
        #expect(pool.count == 1)
        reader.receive(" \r\n\t".utf8)
        #expect(try reader.next() == .whitespace)
        #expect(try reader.next() == nil)
        #expect(!reader.holdsParser)
        #expect(pool.count == 1)
    }

    @Test("a new stream can begin after any event, and what came before it can be thrown away")
    func restart() throws {
        let reader = TestConnection()
        reader.receive((Self.header + "<auth/>" + Self.header + "<iq/>").utf8)
        #expect(try reader.next() != nil)
        #expect(try reader.next() == .element(XMLElement("auth", Namespace.client)))
        reader.restart(discardsInput: false)
        #expect(try reader.next() == .streamOpened(StreamHeader(to: "example.org", version: "1.0")))
        reader.restart(discardsInput: true)
        #expect(try reader.next() == nil)
        reader.receive(("\n<?xml version='1.0'?>" + Self.header).utf8)
        #expect(try reader.next() == .streamOpened(StreamHeader(to: "example.org", version: "1.0")))
    }

    @Test("nothing comes after the end")
    func ended() throws {
        let reader = TestConnection()
        reader.receive((Self.header + "</stream:stream><iq/>").utf8)
        #expect(try reader.next() != nil)
        #expect(try reader.next() == .streamClosed)
        reader.receive(Self.header.utf8)
        #expect(try reader.next() == nil)
        #expect(!reader.holdsParser)
    }
}
