import NIOCore

/// A client's side of its stream (RFC 6120), from the first header to the end: a state machine without I/O. Its features
/// stand in the extensions, a file each.
struct ClientSession: StreamClientSession {
    enum Purpose: Equatable {
        case logIn
        /// Make the account, and leave.
        case register
    }

    enum Phase: Equatable {
        /// The connection is not there yet.
        case idle
        /// The server has to open its stream, and to say what it offers.
        case opening
        /// It was asked for TLS.
        case securing
        case authenticating
        case registering
        case resuming
        case binding
        case enablingManagement
        case ready
        case ended
    }

    let settings: XMPPClientSettings
    private let purpose: Purpose
    var phase = Phase.idle
    private(set) var isEncrypted = false
    private var mayStayPlain = false
    private var isAuthenticated = false
    var login: ClientLogin?
    /// What the last connection left, until the server has taken it up again or given it up.
    var resumable: ResumableStream?
    var offersManagement = false
    var address: JID?
    var management: StreamManagement?
    var counting = CountRequest()
    private var lastID = 0
    private var writer = StanzaWriter()
    private var actions: [StreamClientAction] = []

    init(_ settings: XMPPClientSettings, purpose: Purpose = .logIn, resumable: ResumableStream? = nil) {
        self.settings = settings
        self.purpose = purpose
        self.resumable = resumable
    }

    mutating func takeActions() -> [StreamClientAction] {
        defer { actions = [] }
        return actions
    }

    mutating func act(_ action: StreamClientAction) {
        actions.append(action)
    }

    // MARK: The stream

    mutating func start(isLoopback: Bool) {
        guard phase == .idle else { return }
        mayStayPlain = isLoopback && settings.allowsPlainOnLoopback
        openStream()
    }

    private mutating func openStream() {
        phase = .opening
        // Who we are is nobody's business before the stream is encrypted (RFC 6120 §4.7.1).
        let from = isEncrypted ? settings.account.description : nil
        write { [settings] in
            $0.openStream(StreamHeader(from: from, to: settings.account.domain, language: "en", version: "1.0"))
        }
    }

    mutating func receive(_ event: StreamEvent) {
        switch event {
        case _ where phase == .ended, .whitespace: break
        case .streamOpened(let header):
            guard header.namespace == Namespace.client else { return fail(StreamError(.invalidNamespace)) }
        case .element(let element): receive(element)
        case .streamClosed: end(.lost("The server closed the stream."))
        }
    }

    private mutating func receive(_ element: XMLElement) {
        if let error = StreamError(element) { return end(StreamEnding(error)) }
        switch (phase, element.namespace) {
        case (.opening, Namespace.streams) where element.name == "features": choose(from: element)
        case (.securing, Namespace.tls): startTLS(element)
        case (.authenticating, Namespace.sasl): receiveSASL(element)
        case (.registering, Namespace.client): receiveRegistration(element)
        case (.resuming, Namespace.streamManagement): receiveResumption(element)
        case (.binding, Namespace.client): receiveBinding(element)
        case (.enablingManagement, Namespace.streamManagement): receiveEnabling(element)
        case (.ready, Namespace.streamManagement): receiveManagement(element)
        case (.enablingManagement, Namespace.client), (.ready, Namespace.client): receiveStanza(element)
        default: fail(StreamError(.unsupportedStanzaType))
        }
    }

    private mutating func choose(from features: XMLElement) {
        if isAuthenticated { return bindOrResume(features) }
        if !isEncrypted, features.child("starttls", Namespace.tls) != nil {
            phase = .securing
            return send(element: XMLElement("starttls", Namespace.tls))
        }
        guard isEncrypted || mayStayPlain else { return end(.refused("The server does not offer TLS.")) }
        switch purpose {
        case .logIn: authenticate(features)
        case .register: register()
        }
    }

    private mutating func startTLS(_ answer: XMLElement) {
        guard answer.name == "proceed" else { return end(.lost("The server cannot encrypt the stream.")) }
        act(.startTLS)
        isEncrypted = true
        openStream()
    }

    /// The server knows who we are, and expects a new stream.
    mutating func authenticated() {
        isAuthenticated = true
        login = nil
        act(.restartStream)
        openStream()
    }

    /// - Parameter resumed: whether this goes on with the stream of an earlier connection.
    mutating func becomeReady(as address: JID, resumed: Bool) {
        self.address = address
        resumable = nil
        phase = .ready
        if !resumed, let priority = settings.priority {
            var presence = XMLElement("presence", Namespace.client)
            if priority != 0 {
                presence.children = [.element(XMLElement("priority", Namespace.client, text: String(priority)))]
            }
            send(presence)
        }
        act(.becomeReady(address, resumed: resumed))
    }

    mutating func fail(_ error: StreamError) {
        guard phase != .ended else { return }
        write { $0.write(error.element, in: Namespace.client) }
        end(.lost("The server sent what cannot be understood: \(error.condition.rawValue)."))
    }

    mutating func close() {
        end(nil)
    }

    /// - Parameter ending: nil if it is as we wanted it.
    mutating func end(_ ending: StreamEnding?) {
        guard phase != .ended else { return }
        if phase != .idle { write { $0.closeStream() } }
        // A stream that was closed in order cannot be resumed. One that the server closed may have lost something.
        if ending == nil { management = nil }
        phase = .ended
        act(.end(ending))
    }

    mutating func disconnected() -> ResumableStream? {
        phase = .ended
        guard let address, let management, management.id != nil else { return resumable }
        self.management = nil
        return ResumableStream(address: address, management: management)
    }

    // MARK: Stanzas

    mutating func send(_ stanza: XMLElement) {
        guard phase == .ready else { return }
        let bytes = write { $0.write(stanza, in: Namespace.client) }
        guard management != nil else { return }
        management?.didSend(.other(bytes))
        guard management?.isOverfull == false else {
            return end(.lost("The server does not acknowledge what it gets."))
        }
        counting.didSend()
        requestCount()
    }

    private mutating func receiveStanza(_ stanza: XMLElement) {
        guard ["iq", "message", "presence"].contains(stanza.name) else {
            return fail(StreamError(.unsupportedStanzaType))
        }
        management?.didReceive()
        if isPong(stanza) { return }
        if let pong = StreamPing.answer(to: stanza) { return send(pong) }
        act(.deliver(stanza))
    }

    mutating func ping() {
        send(StreamPing.request(to: settings.account.domain, id: nextID()))
    }

    /// Whatever the answer is, there is one. It may come on a later connection.
    private func isPong(_ stanza: XMLElement) -> Bool {
        stanza.name == "iq" && stanza.attribute("from") == settings.account.domain
            && stanza.attribute("id")?.hasPrefix(Self.ownID) ?? false
    }

    // MARK: Writing

    /// How the ids of the IQs begin that the session itself sends.
    private static let ownID = "apus-stream-"

    private mutating func nextID() -> String {
        lastID += 1
        return Self.ownID + String(lastID)
    }

    mutating func send(element: XMLElement) {
        write { $0.write(element, in: Namespace.client) }
    }

    @discardableResult
    mutating func write(_ body: (inout StanzaWriter) -> Void) -> ByteBuffer {
        body(&writer)
        let bytes = writer.take()
        act(.write(bytes))
        return bytes
    }
}
