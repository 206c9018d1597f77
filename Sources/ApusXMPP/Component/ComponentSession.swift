import ApusCore

/// A component's stream (XEP-0114 §3): a state machine without I/O.
struct ComponentSession {
    enum Action {
        case openStream(StreamHeader)
        /// Serve the domain from now on, or end with a conflict.
        case attach(String)
        case send(XMLElement)
        case route(XMLElement)
        case end(StreamError?)
    }

    private enum Phase {
        case opening
        case proving(domain: String)
        case attached(domain: String)
        case ended
    }

    private let ownDomain: String
    private let settings: ComponentSettings
    private var phase = Phase.opening
    private var streamID = ""

    init(ownDomain: String, settings: ComponentSettings) {
        self.ownDomain = ownDomain
        self.settings = settings
    }

    var isAttached: Bool {
        if case .attached = phase { true } else { false }
    }

    mutating func receive(_ event: StreamEvent) -> [Action] {
        switch (phase, event) {
        case (.ended, _), (_, .whitespace): return []
        case (_, .streamClosed): return end(nil)
        case (.opening, .streamOpened(let header)): return open(header)
        case (.proving(let domain), .element(let element)): return prove(element, domain)
        case (.attached(let domain), .element(let element)): return route(element, domain)
        default: return end(StreamError(.badFormat))
        }
    }

    mutating func end(_ error: StreamError?) -> [Action] {
        guard case .ended = phase else {
            let hasOpened = !streamID.isEmpty
            phase = .ended
            let header = StreamHeader(namespace: Namespace.component, from: ownDomain, id: "0")
            return (hasOpened ? [] : [.openStream(header)]) + [.end(error)]
        }
        return []
    }

    private mutating func open(_ header: StreamHeader) -> [Action] {
        let domain = header.to.flatMap { try? JID.preparedDomain($0) } ?? ""
        streamID = String(RandomToken.hex128().prefix(15))
        let answer = Action.openStream(StreamHeader(namespace: Namespace.component, from: domain, id: streamID))
        guard header.namespace == Namespace.component else { return [answer] + end(StreamError(.invalidNamespace)) }
        guard !domain.isEmpty, domain != ownDomain, settings.domains.isEmpty || settings.domains.contains(domain) else {
            return [answer] + end(StreamError(.hostUnknown, text: "No component may serve this domain."))
        }
        phase = .proving(domain: domain)
        return [answer]
    }

    private mutating func prove(_ element: XMLElement, _ domain: String) -> [Action] {
        guard element.matches("handshake", Namespace.component), let secret = settings.secret,
            LegacyDigest.matches(element.text, streamID: streamID, password: secret)
        else { return end(StreamError(.notAuthorized)) }
        phase = .attached(domain: domain)
        return [.attach(domain), .send(XMLElement("handshake", Namespace.component))]
    }

    private mutating func route(_ stanza: XMLElement, _ domain: String) -> [Action] {
        guard stanza.namespace == Namespace.component, ["iq", "message", "presence"].contains(stanza.name) else {
            return end(StreamError(.unsupportedStanzaType))
        }
        guard let from = stanza.attribute("from").flatMap({ try? JID($0) }), from.domain == domain else {
            return end(StreamError(.invalidFrom, text: "A stanza must be from the component's own domain."))
        }
        guard stanza.attribute("to") != nil else { return end(StreamError(.improperAddressing)) }
        return [.route(stanza)]
    }
}
