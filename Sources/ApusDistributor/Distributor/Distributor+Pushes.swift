import ApusCore
import ApusXMPP

extension Distributor {
    mutating func receive(_ stanza: XMLElement) -> [Action] {
        guard let push = GatewayPush(stanza) else { return answerOther(stanza) }
        let registration = registration(of: push)
        if case .publicToken = push.target, registration == nil {
            // Somebody writes to the account: that is not for us, and no reason to tell them that we are here.
            return []
        }
        let sender = stanza.attribute("from").flatMap { try? JID($0) }
        guard isGateway(sender) else {
            counts.foreign += 1
            return refuse(push, .forbidden)
        }
        guard let registration, registration.endpoint?.gateway.address == sender else {
            return refuse(push, .itemNotFound)
        }
        guard let payload = push.payload else { return refuse(push, .badRequest) }
        // The application is not to get twice what only the gateway does not know that we have.
        if recent.contains(push) { return push.receipt.map { [.sendToServer($0)] } ?? [] }
        return [.keep(push, payload, registration)]
    }

    private func registration(of push: GatewayPush) -> Registration? {
        switch push.target {
        case .instance(let instance, let application):
            byInstance[instance].flatMap { entries[$0]?.registration }
                .flatMap { $0.identity.application == application ? $0 : nil }
        case .publicToken(let token): byPublicToken[token].flatMap { entries[$0]?.registration }
        }
    }

    private func isGateway(_ sender: JID?) -> Bool {
        guard let sender else { return false }
        return gateway?.address == sender || departures.contains { $0.gateway.address == sender }
            || entries.values.contains { $0.registration.endpoint?.gateway.address == sender }
    }

    private func refuse(_ push: GatewayPush, _ condition: StanzaError.Condition) -> [Action] {
        push.refusal(condition).map { [.sendToServer($0)] } ?? []
    }

    /// Whoever asks has to be answered (RFC 6120 §8.2.3): a ping (XEP-0199) with what it asks for.
    private func answerOther(_ stanza: XMLElement) -> [Action] {
        guard stanza.name == "iq" else { return [] }
        guard stanza.attribute("type") == "get", stanza.child("ping", Namespace.ping) != nil else {
            var refusal = StanzaError(.serviceUnavailable).reply(to: stanza)
            refusal?.setAttribute("from", nil)
            return refusal.map { [.sendToServer($0)] } ?? []
        }
        var pong = XMLElement("iq", Namespace.client)
        pong.setAttribute("type", "result")
        pong.setAttribute("id", stanza.attribute("id"))
        pong.setAttribute("to", stanza.attribute("from"))
        return [.sendToServer(pong)]
    }

    // MARK: Deliveries

    /// A push is on disk.
    mutating func pushWasKept(_ push: GatewayPush, for token: String) -> [Action] {
        counts.received += 1
        recent.append(push)
        return wakeDelivery(of: token)
    }

    /// Something of the registration is on disk.
    mutating func wakeDelivery(of token: String) -> [Action] {
        guard entries[token] != nil, deliveries.pushWasKept(for: token) else { return [] }
        return deliver(token)
    }

    /// The application has a push, and the book has it no more.
    mutating func delivered(_ token: String) -> [Action] {
        counts.delivered += 1
        deliveries.delivered(token)
        return deliver(token)
    }

    mutating func undelivered(_ token: String, at now: Timestamp) {
        deliveries.undelivered(token, at: now)
    }

    func deliver(_ token: String) -> [Action] {
        entries[token].map { [.deliver($0.registration)] } ?? []
    }
}
