import ApusCore
import NIOCore
import Testing

@testable import ApusXMPP

/// A dialogue between a session of ours and a server, line by line. It does what the connection's handler does, without
/// the connection.
final class ClientPlay<Session: StreamClientSession> {
    private var session: Session
    private var reader = StreamReader(pool: ParserPool())
    private var output = ""
    private var outcomes: [Outcome] = []

    /// What whoever opened the stream is told.
    enum Outcome: Equatable {
        case startsTLS
        case ready(String, resumed: Bool)
        case stanza(String)
        case ended(StreamEnding?)
    }

    init(_ session: Session, isLoopback: Bool = false) {
        self.session = session
        self.session.start(isLoopback: isLoopback)
        runActions()
    }

    // MARK: The lines

    func server(_ text: String) {
        reader.receive(ByteBuffer(string: text))
        do throws(StreamError) {
            while let event = try reader.next() {
                session.receive(event)
                runActions()
            }
        } catch {
            session.fail(error)
            runActions()
        }
    }

    /// We have sent exactly this since we were asked last.
    func client(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(takeOutput() == text, sourceLocation: sourceLocation)
    }

    func takeOutput() -> String {
        defer { output = "" }
        return output
    }

    /// This has come of it since it was asked last.
    func outcome(_ expected: Outcome..., sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(outcomes == expected, sourceLocation: sourceLocation)
        outcomes = []
    }

    /// How the stream ended.
    func takeEnding() -> StreamEnding? {
        defer { outcomes = [] }
        guard case .ended(let ending)? = outcomes.last else { return nil }
        return ending
    }

    // MARK: What its owner does

    func send(_ stanza: String) throws {
        let header = #"<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">"#
        guard case .element(let element) = try read(header + stanza).last else { throw StreamError(.badFormat) }
        session.send(element)
        runActions()
    }

    func ping() {
        session.ping()
        runActions()
    }

    func close() {
        session.close()
        runActions()
    }

    func breakConnection() -> ResumableStream? { session.disconnected() }

    private func runActions() {
        for action in session.takeActions() {
            switch action {
            case .write(let bytes): output += String(buffer: bytes)
            case .startTLS:
                reader.restart(discardsInput: true)
                outcomes.append(.startsTLS)
            case .restartStream: reader.restart(discardsInput: false)
            case .becomeReady(let address, let resumed):
                outcomes.append(.ready(address.description, resumed: resumed))
            case .deliver(let stanza):
                var writer = StanzaWriter()
                writer.write(stanza, in: Namespace.client)
                outcomes.append(.stanza(String(buffer: writer.take())))
            case .end(let ending): outcomes.append(.ended(ending))
            }
        }
    }
}

/// The lines that streams of clients share. The account is `ann@example.org` with the password `secret`.
enum ClientLines {
    static let plainHeader =
        "<?xml version='1.0' encoding='UTF-8'?>"
        + #"<stream:stream xmlns:stream="http://etherx.jabber.org/streams" xmlns="jabber:client" "#
        + #"to="example.org" xml:lang="en" version="1.0">"#
    static let header = plainHeader.replacing(#" to="#, with: #" from="ann@example.org" to="#)
    static let answer =
        #"<stream:stream xmlns:stream="http://etherx.jabber.org/streams" xmlns="jabber:client" from="example.org" "#
        + #"id="1" version="1.0">"#
    static let startTLS = #"<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#
    static let proceed = #"<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#
    static let bindFeature = #"<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>"#
    static let management = #"<sm xmlns="urn:xmpp:sm:3"/>"#
    static let bind =
        #"<iq type="set" id="bind"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind">"#
        + "<resource>up</resource></bind></iq>"
    static let bound =
        #"<iq type="result" id="bind"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind">"#
        + "<jid>ann@example.org/up</jid></bind></iq>"
    static let enable = #"<enable xmlns="urn:xmpp:sm:3" resume="true"/>"#

    static func features(_ features: String...) -> String {
        answer + "<stream:features>" + features.joined() + "</stream:features>"
    }

    static func auth(_ mechanism: String, _ message: [UInt8]) -> String {
        #"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="\#(mechanism)">"#
            + "\(Base64.encode(message))</auth>"
    }

    static func sasl(_ name: String, _ message: [UInt8] = []) -> String {
        message.isEmpty
            ? #"<\#(name) xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#
            : #"<\#(name) xmlns="urn:ietf:params:xml:ns:xmpp-sasl">\#(Base64.encode(message))</\#(name)>"#
    }

    static func settings(_ change: (inout XMPPClientSettings) -> Void = { _ in }) throws -> XMPPClientSettings {
        var settings = try XMPPClientSettings(account: "ann@example.org", password: "secret", resource: "up")
        change(&settings)
        return settings
    }
}

extension ClientPlay where Session == ClientSession {
    /// Up to where the server offers TLS and is asked for it.
    func encrypt(sourceLocation: SourceLocation = #_sourceLocation) {
        client(ClientLines.plainHeader, sourceLocation: sourceLocation)
        server(ClientLines.features(ClientLines.startTLS))
        client(ClientLines.startTLS, sourceLocation: sourceLocation)
        server(ClientLines.proceed)
        client(ClientLines.header, sourceLocation: sourceLocation)
        outcome(.startsTLS, sourceLocation: sourceLocation)
    }

    /// Encrypts and logs in with PLAIN.
    func authenticate(sourceLocation: SourceLocation = #_sourceLocation) {
        encrypt(sourceLocation: sourceLocation)
        server(ClientLines.features(Screenplay.mechanisms("PLAIN")))
        client(ClientLines.auth("PLAIN", Array("\0ann\0secret".utf8)), sourceLocation: sourceLocation)
        server(ClientLines.sasl("success"))
        client(ClientLines.header, sourceLocation: sourceLocation)
    }

    /// Up to where stanzas can be sent, with stream management.
    func logIn(sourceLocation: SourceLocation = #_sourceLocation) {
        authenticate(sourceLocation: sourceLocation)
        server(ClientLines.features(ClientLines.bindFeature, ClientLines.management))
        client(ClientLines.bind, sourceLocation: sourceLocation)
        server(ClientLines.bound)
        client(ClientLines.enable, sourceLocation: sourceLocation)
        server(#"<enabled xmlns="urn:xmpp:sm:3" id="sm-1" resume="true" max="300"/>"#)
        client("<presence/>" + #"<r xmlns="urn:xmpp:sm:3"/>"#, sourceLocation: sourceLocation)
        outcome(.ready("ann@example.org/up", resumed: false), sourceLocation: sourceLocation)
    }
}
