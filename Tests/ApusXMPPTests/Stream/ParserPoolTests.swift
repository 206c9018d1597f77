import Testing

@testable import ApusXMPP

@Suite("Parser pool")
struct ParserPoolTests {
    private static let header =
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"

    @Test("idle connections hold no parser; one serves them all")
    func idle() throws {
        let pool = ParserPool()
        let connections = (0..<100).map { _ in TestConnection(pool: pool) }
        for connection in connections {
            #expect(try connection.events(Self.header).count == 1)
            let presence = XMLElement("presence", Namespace.client)
            #expect(try connection.events("<presence/> ") == [.element(presence), .whitespace])
        }
        #expect(connections.allSatisfy { !$0.holdsParser })
        #expect(pool.count == 1)
    }

    @Test("incomplete stanzas of two connections do not mix")
    func interleaved() throws {
        let pool = ParserPool()
        let (a, b) = (TestConnection(pool: pool), TestConnection(pool: pool))
        #expect(try a.events(Self.header).count == 1)
        #expect(try b.events("<s:stream xmlns:s='\(Namespace.streams)' xmlns='jabber:component:accept'>").count == 1)
        #expect(try a.events("<iq id='a'><query xml") == [])
        #expect(try b.events("<iq id='b'>te") == [])
        #expect(a.holdsParser && b.holdsParser)
        #expect(pool.count == 0)
        let query = XMLElement("query", "urn:q", text: "a")
        let ofA = XMLElement("iq", Namespace.client, attributes: [.init("id", "a")], children: [.element(query)])
        let ofB = XMLElement("iq", Namespace.component, attributes: [.init("id", "b")], children: [.text("text")])
        #expect(try a.events("ns='urn:q'>a</query></iq>") == [.element(ofA)])
        #expect(try b.events("xt</iq>") == [.element(ofB)])
        #expect(pool.count == 2)
        #expect(try b.events("</s:stream>") == [.streamClosed])
        #expect(try a.events("</stream:stream>") == [.streamClosed])
    }

    @Test("a broken stream's parser serves the next connection")
    func afterError() throws {
        let pool = ParserPool()
        let (a, b) = (TestConnection(pool: pool), TestConnection(pool: pool))
        #expect(throws: StreamError.self) { try a.events(Self.header + "<iq><a b='&nbsp;") + a.events("'>") }
        #expect(pool.count == 1)
        #expect(try b.events(Self.header + "<iq>1</iq>").count == 2)
        #expect(pool.count == 1)
    }

    @Test("a parser that has grown is not kept, nor more parsers than the pool may hold")
    func bounded() throws {
        let pool = ParserPool(capacity: 2)
        let long = TestConnection(pool: pool)
        #expect(try long.events(Self.header + "<iq>" + String(repeating: "x", count: 100_000) + "</iq>").count == 2)
        #expect(pool.count == 0)
        let connections = (0..<4).map { _ in TestConnection(pool: pool) }
        for connection in connections { #expect(try connection.events(Self.header + "<iq>").count == 1) }
        for connection in connections { #expect(try connection.events("</iq>").count == 1) }
        #expect(pool.count == 2)
        connections[0].close()
        #expect(pool.count == 2)
    }
}
