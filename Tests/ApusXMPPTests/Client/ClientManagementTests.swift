import Testing

@testable import ApusXMPP

@Suite("Stream management of a client of ours (XEP-0198)")
struct ClientManagementTests {
    private typealias Lines = ClientLines

    private static let request = #"<r xmlns="urn:xmpp:sm:3"/>"#

    private func play(resuming stream: ResumableStream? = nil) throws -> ClientPlay<ClientSession> {
        ClientPlay(ClientSession(try Lines.settings(), resumable: stream))
    }

    private func count(_ count: Int) -> String { #"<a xmlns="urn:xmpp:sm:3" h="\#(count)"/>"# }
    private func message(_ id: String) -> String { #"<message id="\#(id)"/>"# }

    /// A stream that sent its presence and messages `a` and `b`, of which the server has acknowledged the presence, and
    /// that got two stanzas.
    private func broken() throws -> ResumableStream {
        let play = try play()
        play.logIn()
        play.server(count(1) + message("1") + message("2"))
        try play.send(message("a"))
        try play.send(message("b"))
        return try #require(play.breakConnection())
    }

    @Test("tells its count when it is asked for it")
    func tellCount() throws {
        let play = try play()
        play.logIn()
        play.server(Self.request)
        play.client(count(0))
        play.server(message("1") + #"<iq type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>"# + "<presence/>")
        _ = play.takeOutput()
        play.server(Self.request)
        play.client(count(3))
    }

    @Test("asks for the server's count after what it sent, but not twice")
    func requestCount() throws {
        let play = try play()
        play.logIn()
        try play.send(message("a"))
        try play.send(message("b"))
        play.client(message("a") + message("b"))
        play.server(count(1))
        play.client(Self.request)
        play.server(count(3))
        play.client("")
        try play.send(message("c"))
        play.client(message("c") + Self.request)
    }

    @Test("does without it if the server refuses or gives no id")
    func unavailable() throws {
        for (answer, request) in [
            (#"<failed xmlns="urn:xmpp:sm:3"/>"#, ""), (#"<enabled xmlns="urn:xmpp:sm:3"/>"#, Self.request),
        ] {
            let play = try play()
            play.authenticate()
            play.server(Lines.features(Lines.bindFeature, Lines.management) + Lines.bound)
            _ = play.takeOutput()
            play.server(answer)
            play.client("<presence/>" + request)
            play.outcome(.ready("ann@example.org/up", resumed: false))
            #expect(play.breakConnection() == nil)
        }
    }

    @Test("goes on with the stream, and sends again what the server has not counted")
    func resume() throws {
        let play = try play(resuming: broken())
        play.authenticate()
        play.server(Lines.features(Lines.bindFeature, Lines.management))
        play.client(#"<resume xmlns="urn:xmpp:sm:3" h="2" previd="sm-1"/>"#)
        play.server(#"<resumed xmlns="urn:xmpp:sm:3" previd="sm-1" h="2"/>"#)
        play.client(message("b") + Self.request)
        play.outcome(.ready("ann@example.org/up", resumed: true))
        // Both counts go on from there.
        play.server(message("3") + Self.request)
        play.client(count(3))
        play.server(count(3))
        try play.send(message("c"))
        let again = try #require(play.breakConnection())
        #expect(again.management.acknowledged == 3 && again.management.handled == 3)
    }

    @Test("begins anew if the server does not know the stream any more")
    func tooLate() throws {
        let play = try play(resuming: broken())
        play.authenticate()
        play.server(Lines.features(Lines.bindFeature, Lines.management))
        _ = play.takeOutput()
        play.server(#"<failed xmlns="urn:xmpp:sm:3" h="2"><item-not-found \#(Screenplay.stanzas)/></failed>"#)
        play.client(Lines.bind)
        play.server(Lines.bound)
        play.client(Lines.enable)
        play.server(#"<enabled xmlns="urn:xmpp:sm:3" id="sm-2" resume="true"/>"#)
        play.client("<presence/>" + Self.request)
        play.outcome(.ready("ann@example.org/up", resumed: false))
        #expect(play.breakConnection()?.management.id == "sm-2")
    }

    @Test("begins anew on a server that has it no more")
    func notOffered() throws {
        let play = try play(resuming: broken())
        play.authenticate()
        play.server(Lines.features(Lines.bindFeature))
        play.client(Lines.bind)
    }

    @Test("is not forgotten by a connection that breaks before it was resumed")
    func brokenAgain() throws {
        let play = try play(resuming: broken())
        play.authenticate()
        #expect(play.breakConnection()?.management.id == "sm-1")
    }

    @Test("ends for good with a server that has counted more than was sent")
    func wrongCount() throws {
        let play = try play(resuming: broken())
        play.authenticate()
        play.server(Lines.features(Lines.bindFeature, Lines.management))
        play.server(#"<resumed xmlns="urn:xmpp:sm:3" previd="sm-1" h="9"/>"#)
        #expect(play.takeOutput().contains("handled-count-too-high"))
        #expect(play.takeEnding()?.needsAttention == false)
        #expect(play.breakConnection() == nil)
    }

    @Test("ends when too much is not acknowledged")
    func overfull() throws {
        let play = try play()
        play.logIn()
        for number in 1...2047 { try play.send(message("\(number)")) }
        play.outcome()
        try play.send(message("too much"))
        #expect(play.takeEnding()?.reason == "The server does not acknowledge what it gets.")
    }
}
