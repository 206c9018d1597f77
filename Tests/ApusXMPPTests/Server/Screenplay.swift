import ApusCore
import NIOCore
import Testing

@testable import ApusXMPP

/// A dialogue between a device and a session, line by line: what the device sends, what the server sends back, and what
/// the rest of the house is told to do meanwhile. It does what the connection's handler does, without the connection.
///
/// In every line `{stream}` stands for the id of the stream, `{sm}` for the one it can be resumed by and `{resource}` for
/// the resource that was bound.
final class Screenplay {
    /// What the house is told.
    enum Effect: Equatable {
        case startTLS
        case claim(String)
        case attach(String)
        case detach
        case confirm(Int64, Receipt)
        case giveBack(Int64)
        case arrived([Int64])
        case arrivedEarlier([Int64])
        case submit(String, to: String)
        case route(String)
        case close
    }

    /// A change that the house was asked for.
    enum Change: Equatable {
        case register(String, String)
        case setPassword(String, String)
        case remove(String)
        case setAlias(String, String)
        case setTags([String], String)
    }

    static let header =
        #"<stream:stream to="example.org" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" version="1.0">"#
    static let answer =
        "<?xml version='1.0' encoding='UTF-8'?>"
        + #"<stream:stream xmlns:stream="http://etherx.jabber.org/streams" xmlns="jabber:client" from="example.org" "#
        + #"id="{stream}" xml:lang="en" version="1.0">"#
    static let legacyFeatures =
        #"<auth xmlns="http://jabber.org/features/iq-auth"/><register xmlns="http://jabber.org/features/iq-register"/>"#
    static let boundFeatures =
        #"<stream:features><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>"#
        + #"<session xmlns="urn:ietf:params:xml:ns:xmpp-session"><optional/></session><sm xmlns="urn:xmpp:sm:3"/>"#
        + #"<ver xmlns="urn:xmpp:features:rosterver"/></stream:features>"#
    static let stanzas = #"xmlns="urn:ietf:params:xml:ns:xmpp-stanzas""#

    static func mechanisms(_ names: String...) -> String {
        #"<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl">"#
            + names.map { "<mechanism>\($0)</mechanism>" }.joined() + "</mechanisms>"
    }

    private(set) var session: ServerSession
    private var reader: StreamReader
    private var writer = StanzaWriter()
    private let accounts = TestAccounts.everyone
    private var output = ""
    private var effects: [Effect] = []
    private var unanswered: [SessionQuestion] = []
    private var unsettled: [UInt32] = []
    private(set) var changes: [Change] = []
    private(set) var counted: [XMPPFeature] = []
    private(set) var isOver = false
    /// Streams that can be resumed.
    var suspended: [String: SuspendedStream] = [:]
    /// Whether questions wait for ``answerNow()``.
    var answersLater = false
    /// Whether what was submitted waits for ``settle()``.
    var settlesLater = false
    /// What each question fails with, if it does.
    var failure: StanzaError?

    init(
        isEncrypted: Bool = false, services: [String] = [], pool: ParserPool = ParserPool(),
        _ change: (inout XMPPSettings) -> Void = { _ in }
    ) {
        var settings = XMPPSettings()
        settings.domain = "example.org"
        settings.registrationApp = "shop"
        change(&settings)
        let list = ServiceList()
        for service in services { list.add(service) }
        session = ServerSession(settings, services: list, isEncrypted: isEncrypted)
        reader = StreamReader(pool: pool)
    }

    var isAsking: Bool { session.isAsking }
    var holdsParser: Bool { reader.holdsParser }

    // MARK: The lines

    /// The device sends.
    func device(_ text: String) { device(Array(filled(text).utf8)) }

    func device(_ bytes: [UInt8]) {
        guard !isOver else { return }
        reader.receive(ByteBuffer(bytes: bytes))
        takeEvents()
    }

    /// The server has sent exactly this since it was asked last.
    func server(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(takeOutput() == filled(text), sourceLocation: sourceLocation)
    }

    /// The server has sent nothing since it was asked last.
    func serverIsSilent(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(takeOutput() == "", sourceLocation: sourceLocation)
    }

    /// The house was told exactly this since it was asked last.
    func house(_ expected: Effect..., sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(takeEffects() == expected, sourceLocation: sourceLocation)
    }

    func takeOutput() -> String {
        defer { output = "" }
        return output
    }

    func takeEffects() -> [Effect] {
        defer { effects = [] }
        return effects
    }

    func filled(_ text: String) -> String {
        text.replacing("{stream}", with: session.streamID).replacing("{sm}", with: session.management?.id ?? "")
            .replacing("{resource}", with: session.address?.resource ?? "")
    }

    // MARK: Scenes

    /// Opens a stream, without looking at what it offers.
    func open() {
        device(Self.header)
        _ = takeOutput()
    }

    /// Opens a stream and logs in as an AndroidPN device does.
    func logIn(_ name: String = "ann", password: String = "secret", sourceLocation: SourceLocation = #_sourceLocation) {
        open()
        let digest = LegacyDigest.hex(streamID: session.streamID, password: password)
        device(
            #"<iq id="login" type="set"><query xmlns="jabber:iq:auth"><username>\#(name)</username>"#
                + "<digest>\(digest)</digest><resource>AndroidpnClient</resource></query></iq>")
        server(
            #"<iq type="result" id="login" to="\#(name)@example.org/AndroidpnClient"/>"#,
            sourceLocation: sourceLocation)
        house(.claim(name), sourceLocation: sourceLocation)
    }

    /// Opens a stream and proves with PLAIN who it is. The session has to be encrypted.
    func authenticate(
        _ name: String = "ann", password: String = "secret", sourceLocation: SourceLocation = #_sourceLocation
    ) {
        open()
        let message = Base64.encode(SASLPlain.message(username: name, password: password))
        device(#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">\#(message)</auth>"#)
        server(#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#, sourceLocation: sourceLocation)
        open()
    }

    /// Logs in as modern clients do.
    func bind(
        _ name: String = "ann", password: String = "secret", resource: String = "phone",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        authenticate(name, password: password, sourceLocation: sourceLocation)
        device(
            #"<iq id="bind" type="set"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind">"#
                + "<resource>\(resource)</resource></bind></iq>")
        server(
            #"<iq type="result" id="bind" to="\#(name)@example.org/\#(resource)">"#
                + #"<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>\#(name)@example.org/\#(resource)</jid></bind></iq>"#,
            sourceLocation: sourceLocation)
        house(.claim(name), sourceLocation: sourceLocation)
    }

    /// Sends its first presence.
    func becomeAvailable(sourceLocation: SourceLocation = #_sourceLocation) {
        device("<presence/>")
        _ = takeOutput()
        #expect(takeEffects().count == 1, sourceLocation: sourceLocation)
    }

    /// The house writes a message to the device.
    func push(_ message: Int64) {
        if session.login?.usesNotifications == false { session.undisplayed.append(MessageID(message)) }
        session.management?.didSend(.push(MessageID(message)))
    }

    /// What was submitted is on disk.
    func settle() {
        guard !unsettled.isEmpty else { return }
        session.settled(unsettled.removeFirst())
        runActions()
    }

    /// The house flushes, and asks for the device's count if there is reason to.
    func flush() {
        if session.management?.shouldRequest() ?? false { output += #"<r xmlns="urn:xmpp:sm:3"/>"# }
    }

    /// The connection breaks.
    func breakConnection() -> SuspendedStream? {
        reader.close()
        isOver = true
        return session.disconnected()
    }

    /// The server ends the stream.
    func end(_ error: StreamError) {
        session.end(error)
        runActions()
    }

    /// Answers what waits for an answer. What is asked by that waits for the next call.
    func answerNow() {
        let questions = unanswered
        unanswered = []
        for question in questions { answer(question) }
    }

    // MARK: What the handler does

    private func takeEvents() {
        do throws(StreamError) {
            while !session.isAsking, !isOver, let event = try reader.next() {
                session.receive(event)
                runActions()
            }
        } catch {
            session.end(error)
            runActions()
        }
    }

    private func runActions() {
        for action in session.takeActions() { run(action) }
    }

    private func run(_ action: SessionAction) {
        switch action {
        case .openStream(let header): write { $0.openStream(header) }
        case .offer(let features): write { $0.features(features) }
        case .send(let element): write { $0.write(element, in: Namespace.client) }
        case .sendStanza(let stanza): sendStanza(text(stanza))
        case .resendStanza(.other(let bytes)): sendStanza(String(buffer: bytes))
        case .resendStanza(.push): Issue.record("messages are sent again from the store")
        case .startTLS:
            effects.append(.startTLS)
            reader.restart(discardsInput: true)
        case .restartStream: reader.restart(discardsInput: false)
        case .ask(let question): if answersLater { unanswered.append(question) } else { answer(question) }
        case .claimAccount(let name):
            reader.limits = .authenticated
            effects.append(.claim(name))
        case .attach(let account): effects.append(.attach(account.name))
        case .detach: effects.append(.detach)
        case .confirm(let message, let receipt): effects.append(.confirm(message.rawValue, receipt))
        case .giveBack(let message): effects.append(.giveBack(message.rawValue))
        case .noteArrived(let messages):
            effects.append(.arrived(messages.map(\.rawValue)))
            flush()
        case .noteArrivedEarlier(let messages, _): effects.append(.arrivedEarlier(messages.map(\.rawValue)))
        case .submit(let message, let name, let number):
            effects.append(.submit(text(message), to: name))
            if let number { unsettled.append(number) }
            if !settlesLater { settle() }
        case .route(let stanza): effects.append(.route(text(stanza)))
        case .count(let feature): counted.append(feature)
        case .end(let error):
            write { if let error { $0.closeStream(error) } else { $0.closeStream() } }
            reader.close()
            isOver = true
            effects.append(.close)
        }
    }

    private func sendStanza(_ text: String) {
        output += text
        session.management?.didSend(.other(ByteBuffer(string: text)))
    }

    private func write(_ body: (inout StanzaWriter) -> Void) {
        body(&writer)
        output += String(buffer: writer.take())
    }

    private func text(_ element: XMLElement) -> String {
        var writer = StanzaWriter()
        writer.write(element, in: Namespace.client)
        return String(buffer: writer.take())
    }

    // MARK: The house's answers

    private func answer(_ question: SessionQuestion) {
        session.receive(failure.map { .failed($0) } ?? answer(to: question))
        runActions()
        takeEvents()
    }

    private func answer(to question: SessionQuestion) -> SessionAnswer {
        switch question {
        case .account(let name): return .candidate(accounts.candidate(name))
        case .password(let password, let candidate):
            return .password(isRight: candidate.matches(password: password))
        case .register(let name, let password):
            changes.append(.register(name, password))
            return accounts.has(name) ? .failed(StanzaError(AccountError.exists(name))) : .done
        case .setPassword(let password, let name): changes.append(.setPassword(password, name))
        case .removeAccount(let name): changes.append(.remove(name))
        case .setAlias(let alias, let account): changes.append(.setAlias(alias, account.name))
        case .setTags(let tags, let account): changes.append(.setTags(tags, account.name))
        case .stream(let id, let name):
            guard suspended[id]?.account.name == name else { return .stream(nil) }
            return .stream(suspended.removeValue(forKey: id))
        }
        return .done
    }
}
