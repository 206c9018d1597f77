import ApusCore
import Testing

@testable import ApusXMPP

@Suite("Stream management in a session (XEP-0198)")
struct ManagementTests {
    private static let namespace = #"xmlns="urn:xmpp:sm:3""#
    private static let ping = #"<iq id="1" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#
    private static let pong = #"<iq type="result" id="1" to="ann@example.org/phone"/>"#

    private func failed(_ condition: String) -> String {
        #"<failed \#(Self.namespace)><\#(condition) \#(Screenplay.stanzas)/></failed>"#
    }

    private func bound() -> Screenplay {
        let play = Screenplay(isEncrypted: true)
        play.bind()
        return play
    }

    private func enabled(resume: Bool = true) -> Screenplay {
        let play = bound()
        play.device("<enable \(Self.namespace)\(resume ? #" resume="true""# : "")/>")
        _ = play.takeOutput()
        return play
    }

    // MARK: Counting

    @Test("is enabled, to be resumed or not", arguments: ["true", "1"])
    func enable(value: String) {
        let play = bound()
        play.device(#"<enable \#(Self.namespace) resume="\#(value)" max="1000"/>"#)
        play.server(#"<enabled \#(Self.namespace) id="{sm}" resume="true" max="300"/>"#)
        #expect(play.session.management?.id?.utf8.count == 32)
        let other = bound()
        other.device("<enable \(Self.namespace)/>")
        other.server("<enabled \(Self.namespace)/>")
        #expect(other.session.management?.id == nil && other.session.management != nil)
    }

    @Test("is not enabled twice, or before a resource is bound")
    func unexpected() {
        let play = enabled()
        let id = play.session.management?.id
        play.device("<enable \(Self.namespace)/>")
        play.server(failed("unexpected-request"))
        #expect(play.session.management?.id == id)
        let early = Screenplay(isEncrypted: true)
        early.authenticate()
        early.device("<enable \(Self.namespace)/>")
        early.server(failed("unexpected-request"))
        let stranger = Screenplay()
        stranger.open()
        for element in ["enable", "r", #"a h="0""#, #"resume previd="x" h="0""#] {
            let name = element.split(separator: " ")[0]
            stranger.device("<\(element) \(Self.namespace)/>")
            stranger.server(failed("unexpected-request"), sourceLocation: #_sourceLocation)
            #expect(!stranger.isOver, "\(name)")
        }
    }

    @Test("tells how many stanzas it handled since it was enabled, and counts nothing else")
    func request() {
        let play = bound()
        play.device(Self.ping)
        play.device("<enable \(Self.namespace)/>")
        play.device("<r \(Self.namespace)/>")
        #expect(play.takeOutput().hasSuffix(#"<a \#(Self.namespace) h="0"/>"#))
        play.device(
            Self.ping + " <presence/>" + "<r \(Self.namespace)/>" + #"<message to="example.org"/>"#
                + "<r \(Self.namespace)/>")
        let output = play.takeOutput()
        #expect(output.hasPrefix(Self.pong))
        #expect(
            output.contains(#"<a \#(Self.namespace) h="2"/>"#) && output.hasSuffix(#"<a \#(Self.namespace) h="3"/>"#))
    }

    @Test("counts a message to an account once that is on disk, and tells it then if it was asked before")
    func settlement() {
        let play = enabled()
        play.settlesLater = true
        let message = #"<message to="bob@example.org"><body>hi</body></message>"#
        play.device(Self.ping + message + message + Self.ping + "<r \(Self.namespace)/>")
        play.server(Self.pong + Self.pong + #"<a \#(Self.namespace) h="1"/>"#)
        play.settle()
        play.serverIsSilent()
        play.settle()
        play.server(#"<a \#(Self.namespace) h="4"/>"#)
        play.device(message)
        play.settle()
        play.serverIsSilent()
        play.device("<r \(Self.namespace)/>")
        play.server(#"<a \#(Self.namespace) h="5"/>"#)
    }

    @Test("resumes before what was not on disk when the stream broke, so that it comes again")
    func resumeUnsettled() throws {
        let first = enabled()
        let id = try #require(first.session.management?.id)
        first.settlesLater = true
        first.device(Self.ping + #"<message to="bob@example.org"><body>hi</body></message>"# + Self.ping)
        let play = Screenplay(isEncrypted: true)
        play.suspended[id] = first.breakConnection()
        play.authenticate()
        play.device(#"<resume \#(Self.namespace) previd="\#(id)" h="2"/>"#)
        play.server(#"<resumed \#(Self.namespace) previd="\#(id)" h="1"/>"#)
        play.device(#"<message to="bob@example.org"><body>hi</body></message>"# + "<r \(Self.namespace)/>")
        play.server(#"<a \#(Self.namespace) h="2"/>"#)
    }

    @Test("hears from the client what arrived, and asks after messages")
    func arrived() {
        let play = enabled()
        play.becomeAvailable()
        play.push(7)
        play.push(8)
        play.flush()
        play.server("<r \(Self.namespace)/>")
        play.push(9)
        play.flush()
        play.serverIsSilent()
        play.device(#"<a \#(Self.namespace) h="3"/>"#)
        play.house(.arrived([7, 8]))
        play.server("<r \(Self.namespace)/>")
        play.device(#"<a \#(Self.namespace) h="4"/>"#)
        play.house(.arrived([9]))
        play.serverIsSilent()
    }

    @Test("ends for a client that counts what was never sent")
    func tooHigh() {
        let play = enabled()
        play.device(Self.ping)
        play.server(Self.pong)
        play.device(#"<a \#(Self.namespace) h="10"/>"#)
        play.server(
            #"<stream:error><undefined-condition xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>"#
                + #"<handled-count-too-high \#(Self.namespace) h="10" send-count="1"/></stream:error></stream:stream>"#)
        play.house(.close)
    }

    @Test("ends for a count that is no number", arguments: ["", #" h="x""#, #" h="-1""#, #" h="4294967296""#])
    func noNumber(attribute: String) {
        let play = enabled()
        play.device("<a \(Self.namespace)\(attribute)/>")
        #expect(play.takeOutput().hasPrefix("<stream:error><bad-format "))
    }

    @Test("tells its last count when the client closes the stream, which cannot be resumed then")
    func lastCount() {
        let play = enabled()
        play.device(Self.ping + "</stream:stream>")
        play.server(Self.pong + #"<a \#(Self.namespace) h="1"/></stream:stream>"#)
        #expect(play.breakConnection() == nil)
    }

    @Test("stays a stream whose client counts however it ends: what was written last may not have arrived")
    func staysManaged() {
        #expect(!bound().session.isManaged)
        let ended = enabled()
        ended.end(StreamError(.conflict))
        let closed = enabled()
        closed.device("</stream:stream>")
        let broken = enabled()
        _ = broken.breakConnection()
        for play in [ended, closed, broken] {
            #expect(play.session.management == nil && play.session.isManaged)
        }
    }

    @Test("is asked for its count before so much waits for it that the client is cut off")
    func asksInTime() {
        let play = enabled()
        var count = 0
        for _ in 0..<5_000 where !play.isOver {
            play.device(Self.ping)
            count += 1
            play.flush()
            guard play.takeOutput().contains("<r ") else { continue }
            play.device(#"<a \#(Self.namespace) h="\#(count)"/>"#)
        }
        #expect(play.session.management?.isOverfull == false)
    }

    // MARK: Resuming

    /// A stream that broke after two messages, the first of which the client has counted.
    private func broken() throws -> (id: String, stream: SuspendedStream) {
        let play = enabled()
        let id = try #require(play.session.management?.id)
        play.becomeAvailable()
        play.push(7)
        play.push(8)
        play.device(Self.ping)
        return (id, try #require(play.breakConnection()))
    }

    @Test("goes on with a stream that broke, and sends again what was not counted")
    func resume() throws {
        let (id, stream) = try broken()
        let play = Screenplay(isEncrypted: true)
        play.suspended[id] = stream
        play.authenticate()
        play.device(#"<resume \#(Self.namespace) previd="\#(id)" h="2"/>"#)
        play.server(#"<resumed \#(Self.namespace) previd="\#(id)" h="2"/>"# + Self.pong)
        play.house(.claim("ann"), .arrivedEarlier([7]), .attach("ann"))
        #expect(play.session.phase == .bound && play.session.address?.description == "ann@example.org/phone")
        #expect(play.session.isAvailable && play.session.management?.id == id)
        play.device(Self.ping + "<r \(Self.namespace)/>")
        play.server(Self.pong + #"<a \#(Self.namespace) h="3"/>"#)
        play.device(#"<a \#(Self.namespace) h="4"/>"#)
        #expect(!play.isOver)
        play.device(#"<a \#(Self.namespace) h="5"/>"#)
        #expect(play.takeOutput().contains(#"h="5" send-count="4""#))
    }

    @Test("resumes a stream again and again")
    func resumeTwice() throws {
        var (id, stream) = try broken()
        for _ in 0..<3 {
            let play = Screenplay(isEncrypted: true)
            play.suspended[id] = stream
            play.authenticate()
            play.device(#"<resume \#(Self.namespace) previd="\#(id)" h="2"/>"#)
            #expect(play.takeOutput().hasPrefix("<resumed "))
            stream = try #require(play.breakConnection())
        }
    }

    @Test("tells what arrived on the stream that broke")
    func arrivedEarlier() throws {
        let first = enabled()
        let id = try #require(first.session.management?.id)
        first.push(7)
        first.push(8)
        let play = Screenplay(isEncrypted: true)
        play.suspended[id] = first.breakConnection()
        play.authenticate()
        play.device(#"<resume \#(Self.namespace) previd="\#(id)" h="2"/>"#)
        play.house(.claim("ann"), .arrivedEarlier([7, 8]))
        #expect(!play.session.isAvailable, "it had sent no presence")
    }

    @Test("resumes a stream that gets notifications as such")
    func resumeNotifications() throws {
        let first = Screenplay()
        first.logIn()
        first.device(#"<enable \#(Self.namespace) resume="true"/>"#)
        let id = try #require(first.session.management?.id)
        let play = Screenplay(isEncrypted: true)
        play.suspended[id] = first.breakConnection()
        play.authenticate()
        play.device(#"<resume \#(Self.namespace) previd="\#(id)" h="0"/>"#)
        #expect(play.session.login?.usesNotifications == true)
        #expect(play.session.address?.resource == "AndroidpnClient")
    }

    @Test("does not resume a stream that is not there, and lets the client bind")
    func resumeFails() {
        let play = Screenplay(isEncrypted: true)
        play.authenticate()
        play.device(#"<resume \#(Self.namespace) previd="unknown" h="2"/>"#)
        play.server(failed("item-not-found"))
        play.device(
            #"<iq id="b" type="set"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>phone</resource></bind></iq>"#
        )
        #expect(play.takeOutput().hasPrefix(#"<iq type="result" id="b" to="ann@example.org/phone">"#))
    }

    @Test("does not give a stream to another account")
    func resumeOther() throws {
        let (id, stream) = try broken()
        let play = Screenplay(isEncrypted: true)
        play.suspended[id] = stream
        play.authenticate("bob", password: "hunter2")
        play.device(#"<resume \#(Self.namespace) previd="\#(id)" h="2"/>"#)
        play.server(failed("item-not-found"))
        play.house()
        #expect(play.suspended[id] != nil)
    }

    @Test("ends for a client that counted more than was sent before the stream broke")
    func resumeTooHigh() throws {
        let (id, stream) = try broken()
        let play = Screenplay(isEncrypted: true)
        play.suspended[id] = stream
        play.authenticate()
        play.device(#"<resume \#(Self.namespace) previd="\#(id)" h="9"/>"#)
        #expect(play.takeOutput().contains(#"<handled-count-too-high \#(Self.namespace) h="9" send-count="4"/>"#))
    }

    @Test("is not resumed on a stream that is bound, or without an id and a count")
    func resumeUnexpected() {
        let play = bound()
        play.device(#"<resume \#(Self.namespace) previd="x" h="0"/>"#)
        play.server(failed("unexpected-request"))
        for attributes in [#"previd="x""#, #"h="0""#, #"previd="x" h="-1""#] {
            let other = Screenplay(isEncrypted: true)
            other.authenticate()
            other.device("<resume \(Self.namespace) \(attributes)/>")
            #expect(other.takeOutput().hasPrefix("<stream:error><bad-format "))
        }
    }

    @Test("leaves nothing to resume unless that was asked for")
    func notResumable() {
        #expect(bound().breakConnection() == nil)
        #expect(enabled(resume: false).breakConnection() == nil)
        let ended = enabled()
        ended.end(StreamError(.conflict))
        #expect(ended.breakConnection() == nil)
    }

    // MARK: Client state

    @Test("a client may say whether it is looked at", arguments: ["active", "inactive"])
    func clientState(name: String) {
        let play = bound()
        play.device(#"<\#(name) xmlns="urn:xmpp:csi:0"/>"#)
        play.serverIsSilent()
        #expect(play.counted.last == .clientState)
        let early = Screenplay()
        early.open()
        early.device(#"<\#(name) xmlns="urn:xmpp:csi:0"/>"#)
        #expect(early.takeOutput().hasPrefix("<stream:error>"))
    }
}
