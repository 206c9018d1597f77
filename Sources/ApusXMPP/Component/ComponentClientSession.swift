/// A component's side of its stream (XEP-0114 §3): a state machine without I/O.
struct ComponentClientSession: StreamClientSession {
    private enum Phase {
        case idle
        case opening
        case proving
        case ready
        case ended
    }

    private let domain: String
    private let secret: String
    private var phase = Phase.idle
    private var pings = 0
    private var writer = StanzaWriter()
    private var actions: [StreamClientAction] = []

    init(domain: String, secret: String) {
        self.domain = domain
        self.secret = secret
    }

    mutating func takeActions() -> [StreamClientAction] {
        defer { actions = [] }
        return actions
    }

    mutating func start(isLoopback: Bool) {
        guard phase == .idle else { return }
        phase = .opening
        write { [domain] in $0.openStream(StreamHeader(namespace: Namespace.component, to: domain)) }
    }

    mutating func receive(_ event: StreamEvent) {
        switch (phase, event) {
        case (.ended, _), (_, .whitespace): break
        case (_, .streamClosed): end(.lost("The server closed the stream."))
        case (.opening, .streamOpened(let header)): prove(header)
        case (_, .element(let element)):
            if let error = StreamError(element) { return end(ending(error)) }
            receive(element)
        default: fail(StreamError(.badFormat))
        }
    }

    private mutating func prove(_ header: StreamHeader) {
        guard header.namespace == Namespace.component, let id = header.id else {
            return end(.refused("This is not the port where components attach."))
        }
        phase = .proving
        let digest = LegacyDigest.hex(streamID: id, password: secret)
        write { $0.element("handshake", text: digest) }
    }

    private mutating func receive(_ element: XMLElement) {
        guard element.namespace == Namespace.component else { return fail(StreamError(.unsupportedStanzaType)) }
        switch (phase, element.name) {
        case (.proving, "handshake"): becomeReady()
        case (.ready, "iq"), (.ready, "message"), (.ready, "presence"):
            receiveStanza(element.moved(to: Namespace.client))
        default: fail(StreamError(.unsupportedStanzaType))
        }
    }

    private mutating func becomeReady() {
        phase = .ready
        guard let address = try? JID(domain) else { return }
        actions.append(.becomeReady(address, resumed: false))
    }

    private func ending(_ error: StreamError) -> StreamEnding {
        switch error.condition {
        case .notAuthorized where phase == .proving:
            .refused("The server does not accept the secret of the component \(domain). Both must have the same.")
        case .hostUnknown: .refused("The server is not configured to have a component \(domain).")
        // It may be our own last connection, whose end the server has not noticed.
        case .conflict: .lost("The server has a component \(domain) already.")
        default: StreamEnding(error)
        }
    }

    // MARK: Stanzas

    private mutating func receiveStanza(_ stanza: XMLElement) {
        if isOwnPing(stanza) { return }
        if let pong = StreamPing.answer(to: stanza) { return send(pong) }
        actions.append(.deliver(stanza))
    }

    mutating func send(_ stanza: XMLElement) {
        guard phase == .ready else { return }
        var stanza = stanza.moved(to: Namespace.component)
        if stanza.attribute("from") == nil { stanza.setAttribute("from", domain) }
        write { $0.write(stanza, in: Namespace.component) }
    }

    /// How the ids of our pings begin.
    private static let ownID = "apus-stream-"

    /// What we send to ourselves comes back, without the server's name being known or the server knowing pings.
    mutating func ping() {
        pings += 1
        send(StreamPing.request(from: domain, to: domain, id: Self.ownID + String(pings)))
    }

    /// Or that it did not find us, which is a sign of life as well.
    private func isOwnPing(_ stanza: XMLElement) -> Bool {
        stanza.name == "iq" && stanza.attribute("from") == domain
            && stanza.attribute("id")?.hasPrefix(Self.ownID) ?? false
    }

    // MARK: The end

    mutating func fail(_ error: StreamError) {
        guard phase != .ended else { return }
        write { $0.write(error.element, in: Namespace.component) }
        end(.lost("The server sent what cannot be understood: \(error.condition.rawValue)."))
    }

    mutating func close() {
        end(nil)
    }

    private mutating func end(_ ending: StreamEnding?) {
        guard phase != .ended else { return }
        if phase != .idle { write { $0.closeStream() } }
        phase = .ended
        actions.append(.end(ending))
    }

    mutating func disconnected() -> ResumableStream? {
        phase = .ended
        return nil
    }

    private mutating func write(_ body: (inout StanzaWriter) -> Void) {
        body(&writer)
        actions.append(.write(writer.take()))
    }
}
