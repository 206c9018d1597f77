import ApusCore

/// Stanzas: which feature each is for (RFC 6120 §8, RFC 6121 §8).
extension ServerSession {
    mutating func receiveStanza(_ stanza: XMLElement) {
        management?.didReceive()
        guard phase == .bound else { return receiveEarly(stanza) }
        guard isOwn(stanza) else { return end(StreamError(.invalidFrom)) }
        switch stanza.name {
        case "iq": receiveIQ(stanza)
        case "message": receiveMessage(stanza)
        case "presence": receivePresence(stanza)
        default: end(StreamError(.unsupportedStanzaType))
        }
    }

    /// Whether the client speaks for itself. AndroidPN clients may know us by another name.
    private func isOwn(_ stanza: XMLElement) -> Bool {
        guard let from = stanza.attribute("from"), let login, !login.usesNotifications else { return true }
        guard let from = try? JID(from) else { return false }
        return from == login.address || from == login.address.bare
    }

    /// Before it is known who the client is.
    private mutating func receiveEarly(_ stanza: XMLElement) {
        guard stanza.name == "iq" else { return end(StreamError(.notAuthorized)) }
        guard let request = IQRequest(stanza) else { return refuse(stanza, StanzaError(.badRequest)) }
        switch (phase, request.payload.namespace) {
        case (.authenticating, Namespace.legacyAuth): receiveLegacyAuth(request)
        case (.authenticating, Namespace.register): receiveRegistration(request)
        case (.binding, Namespace.bind): receiveBind(request)
        default: refuse(stanza, StanzaError(.notAuthorized))
        }
    }

    private mutating func receiveIQ(_ iq: XMLElement) {
        switch destination(of: iq) {
        case .elsewhere where isPushReceipt(iq): return
        case .elsewhere: return act(.route(stamped(iq)))
        case .server: break
        }
        switch iq.attribute("type") {
        case "result": return receiveResult(iq)
        case "error": return act(.count(.errorAnswer))
        default: break
        }
        guard let request = IQRequest(iq) else { return refuse(iq, StanzaError(.badRequest)) }
        switch request.payload.namespace {
        case Namespace.ping where !request.isSet: reply(to: iq)
        case Namespace.roster: receiveRoster(request)
        case Namespace.discoInfo, Namespace.discoItems: receiveDiscovery(request)
        case Namespace.session where request.isSet: reply(to: iq)
        case Namespace.bind: refuse(iq, StanzaError(.notAllowed))
        case Namespace.register: receiveRegistration(request)
        case Namespace.deliverConfirm, Namespace.confirm, Namespace.receipt: receiveDeliverConfirm(request)
        case Namespace.setAlias: receiveSetAlias(request)
        case Namespace.setTags: receiveSetTags(request)
        default: refuse(iq, StanzaError(.serviceUnavailable))
        }
    }

    /// Takes a distributor's answer that it has a push, or does not take it (UnifiedPush).
    private mutating func isPushReceipt(_ iq: XMLElement) -> Bool {
        guard iq.attribute("to") == settings.gateway, let message = iq.attribute("id").flatMap(MessageID.init) else {
            return false
        }
        // What it means for the endpoint is the gateway's business.
        if iq.attribute("type") == "error" { act(.giveBack(message)) }
        guard iq.attribute("type") == "result" else { return false }
        act(.count(.receipt))
        act(.confirm(message, .received))
        return true
    }

    // MARK: Answers

    /// Answers with a result.
    mutating func reply(to iq: XMLElement, _ payload: XMLElement? = nil) {
        var result = XMLElement("iq", Namespace.client)
        result.attributes = [.init("type", "result")]
        result.setAttribute("id", iq.attribute("id"))
        result.setAttribute("from", iq.attribute("to"))
        result.setAttribute("to", address?.description)
        if let payload { result.children = [.element(payload)] }
        act(.sendStanza(result))
    }

    mutating func refuse(_ stanza: XMLElement, _ error: StanzaError) {
        guard var reply = error.reply(to: stanza) else { return }
        reply.setAttribute("to", address?.description)
        act(.sendStanza(reply))
    }

    // MARK: Addresses

    enum Destination {
        /// Us, or the client's own account.
        case server
        case elsewhere
    }

    func destination(of stanza: XMLElement) -> Destination {
        guard let text = stanza.attribute("to"), let login else { return .server }
        guard let to = try? JID(text) else { return .elsewhere }
        if to == login.address.bare { return .server }
        // AndroidPN clients may still call us by the name that they connected to.
        let isServer = to.domain == settings.domain || login.usesNotifications && !services.domains.contains(to.domain)
        return to.node == nil && isServer ? .server : .elsewhere
    }

    /// The stanza with the client's address, as others see it.
    func stamped(_ stanza: XMLElement) -> XMLElement {
        var stamped = stanza
        stamped.setAttribute("from", login?.address.description)
        return stamped
    }
}

/// An IQ that asks for something: with an id, and exactly one child (RFC 6120 §8.2.3).
struct IQRequest {
    let iq: XMLElement
    let isSet: Bool
    let payload: XMLElement

    init?(_ iq: XMLElement) {
        let children = Array(iq.elements)
        switch iq.attribute("type") {
        case "get": isSet = false
        case "set": isSet = true
        default: return nil
        }
        guard iq.attribute("id") != nil, children.count == 1 else { return nil }
        self.iq = iq
        payload = children[0]
    }
}
