import NIOCore
import Testing

@testable import ApusXMPP

@Suite("A component's stream (XEP-0114)")
struct ComponentSessionTests {
    /// Drives a session through a reader, as the connection's handler does.
    private final class Play {
        private var session: ComponentSession
        private var reader = StreamReader(pool: ParserPool())
        private(set) var streamID = ""
        private(set) var routed: [String] = []
        private(set) var attached: String?
        private(set) var isOver = false
        private var output = ""
        /// Whether another component serves the domain.
        var isTaken = false

        init(secret: String? = "secret", domains: [String] = []) {
            var settings = ComponentSettings()
            settings.secret = secret
            settings.domains = domains
            session = ComponentSession(ownDomain: "example.org", settings: settings)
        }

        var isAttached: Bool { session.isAttached }

        func component(_ text: String) {
            guard !isOver else { return }
            reader.receive(ByteBuffer(string: text))
            do throws(StreamError) {
                while !isOver, let event = try reader.next() { run(session.receive(event)) }
            } catch {
                run(session.end(error))
            }
        }

        func server(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(output == text.replacing("{stream}", with: streamID), sourceLocation: sourceLocation)
            output = ""
        }

        func open(_ domain: String = "up.example.org") {
            component(ComponentSessionTests.header(domain))
            output = ""
        }

        func attach(_ domain: String = "up.example.org", sourceLocation: SourceLocation = #_sourceLocation) {
            open(domain)
            component("<handshake>\(LegacyDigest.hex(streamID: streamID, password: "secret"))</handshake>")
            server("<handshake/>", sourceLocation: sourceLocation)
        }

        func end(_ error: StreamError?) { run(session.end(error)) }

        private func run(_ actions: [ComponentSession.Action]) {
            for action in actions where !isOver {
                switch action {
                case .openStream(let header):
                    streamID = header.id ?? ""
                    write { $0.openStream(header) }
                case .attach(let domain):
                    if isTaken { end(StreamError(.conflict)) } else { attached = domain }
                case .send(let element): write { $0.write(element, in: Namespace.component) }
                case .route(let stanza):
                    var writer = StanzaWriter()
                    writer.write(stanza, in: Namespace.component)
                    routed.append(String(buffer: writer.take()))
                case .end(let error):
                    write { if let error { $0.closeStream(error, in: Namespace.component) } else { $0.closeStream() } }
                    isOver = true
                }
            }
        }

        private func write(_ body: (inout StanzaWriter) -> Void) {
            var writer = StanzaWriter()
            body(&writer)
            output += String(buffer: writer.take())
        }
    }

    private static func header(_ domain: String, namespace: String = "jabber:component:accept") -> String {
        #"<stream:stream xmlns="\#(namespace)" xmlns:stream="http://etherx.jabber.org/streams" to="\#(domain)">"#
    }

    private static func answer(_ domain: String) -> String {
        "<?xml version='1.0' encoding='UTF-8'?>"
            + #"<stream:stream xmlns:stream="http://etherx.jabber.org/streams" xmlns="jabber:component:accept" from="\#(domain)" id="{stream}">"#
    }

    private static func error(_ condition: String, _ text: String? = nil) -> String {
        let text = text.map { #"<text xmlns="urn:ietf:params:xml:ns:xmpp-streams" xml:lang="en">\#($0)</text>"# } ?? ""
        return
            #"<stream:error><\#(condition) xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>\#(text)</stream:error></stream:stream>"#
    }

    // MARK: Attaching

    @Test("is answered with its domain and an id, without a version and features")
    func header() {
        let play = Play()
        play.component(Self.header("up.example.org"))
        play.server(Self.answer("up.example.org"))
        #expect(!play.streamID.isEmpty && !play.isAttached)
    }

    @Test("is attached by the hash of its id and the secret")
    func handshake() {
        // The example of XEP-0114 §3.
        #expect(
            LegacyDigest.hex(streamID: "3BF96D32", password: "test") == "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e")
        let play = Play()
        play.attach()
        #expect(play.attached == "up.example.org" && play.isAttached && !play.isOver)
    }

    @Test("is refused with a wrong hash, or where there is no secret", arguments: ["secret", nil])
    func wrongSecret(secret: String?) {
        let play = Play(secret: secret)
        play.open()
        play.component("<handshake>\(LegacyDigest.hex(streamID: play.streamID, password: "wrong"))</handshake>")
        play.server(Self.error("not-authorized"))
        #expect(play.attached == nil && play.isOver && !play.isAttached)
        let empty = Play(secret: secret)
        empty.open()
        empty.component("<handshake/>")
        empty.server(Self.error("not-authorized"))
    }

    @Test("sends nothing before the handshake")
    func early() {
        let play = Play()
        play.open()
        play.component(#"<message from="up.example.org" to="ann@example.org"><body>hi</body></message>"#)
        play.server(Self.error("not-authorized"))
        #expect(play.routed.isEmpty)
    }

    @Test(
        "may serve any domain but ours, or those that are named",
        arguments: [
            ("up.example.org", [], true), ("example.org", [], false), ("EXAMPLE.org", [], false), ("", [], false),
            ("up.example.org", ["up.example.org"], true), ("Up.Example.org", ["up.example.org"], true),
            ("bots.example.org", ["up.example.org"], false), ("a b", [], false),
        ] as [(String, [String], Bool)])
    func domains(domain: String, allowed: [String], isServed: Bool) {
        let play = Play(domains: allowed)
        play.component(Self.header(domain))
        let prepared = (try? JID.preparedDomain(domain)) ?? ""
        play.server(
            Self.answer(prepared)
                + (isServed ? "" : Self.error("host-unknown", "No component may serve this domain.")))
        #expect(play.isOver != isServed)
    }

    @Test("ends with a conflict if another component serves the domain")
    func conflict() {
        let play = Play()
        play.isTaken = true
        play.open()
        play.component("<handshake>\(LegacyDigest.hex(streamID: play.streamID, password: "secret"))</handshake>")
        play.server(Self.error("conflict"))
        #expect(play.isOver && !play.isAttached)
    }

    @Test("ends with an error for a stream of a client")
    func clientStream() {
        let play = Play()
        play.component(Self.header("up.example.org", namespace: "jabber:client"))
        play.server(Self.answer("up.example.org") + Self.error("invalid-namespace"))
    }

    @Test("tells what is wrong with it before it was opened in a header of ours")
    func notXML() {
        let play = Play()
        play.component("GET / HTTP/1.1\r\n\r\n")
        play.server(
            Self.answer("example.org").replacing("{stream}", with: "0") + Self.error("not-well-formed"))
    }

    // MARK: Stanzas

    @Test("passes on stanzas from its domain and from its users")
    func route() {
        let play = Play()
        play.attach()
        let stanzas = [
            #"<message from="up.example.org" to="ann@example.org"><body>hi</body></message>"#,
            #"<iq from="reg@up.example.org/x" to="example.org" id="1" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#,
            #"<presence from="UP.example.org" to="ann@example.org/phone"/>"#,
        ]
        for stanza in stanzas { play.component(stanza) }
        play.server("")
        #expect(play.routed == stanzas)
    }

    @Test(
        "ends for a stanza from elsewhere",
        arguments: ["", #" from="example.org""#, #" from="ann@example.org""#, #" from="@""#])
    func invalidFrom(from: String) {
        let play = Play()
        play.attach()
        play.component(#"<message to="ann@example.org"\#(from)><body>hi</body></message>"#)
        play.server(Self.error("invalid-from", "A stanza must be from the component's own domain."))
        #expect(play.routed.isEmpty)
    }

    @Test("ends for a stanza that is for nobody")
    func improperAddressing() {
        let play = Play()
        play.attach()
        play.component(#"<message from="up.example.org"><body>hi</body></message>"#)
        play.server(Self.error("improper-addressing"))
    }

    @Test("ends for what is no stanza", arguments: ["<x/>", "<handshake/>", #"<iq xmlns="jabber:client"/>"#])
    func unsupported(text: String) {
        let play = Play()
        play.attach()
        play.component(text)
        play.server(Self.error("unsupported-stanza-type"))
    }

    @Test("takes white space as a sign of life, and ends when the component ends it")
    func closed() {
        let play = Play()
        play.attach()
        play.component(" \n")
        play.server("")
        play.component("</stream:stream>")
        play.server("</stream:stream>")
        #expect(play.isOver && !play.isAttached)
        play.end(StreamError(.systemShutdown))
        play.server("")
    }
}
