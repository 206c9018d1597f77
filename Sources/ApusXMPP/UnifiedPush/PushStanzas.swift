import ApusCore

/// The stanzas of both protocols that go to distributors.
enum PushStanzas {
    /// A push, as the endpoint's distributor takes it. Its id is the message's, so that the answer names the message.
    static func push(
        _ message: Message, _ push: EndpointPush, for registration: PushRegistration, from gateway: String,
        to address: String
    ) -> XMLElement {
        switch registration {
        case .token(let token):
            var stanza = XMLElement("message", Namespace.client)
            stanza.attributes = [
                .init("type", "normal"), .init("id", message.id.description), .init("from", gateway),
                .init("to", address),
            ]
            stanza.children = [
                .element(XMLElement("subject", Namespace.client, text: token)),
                .element(XMLElement("body", Namespace.client, text: String(decoding: push.data, as: UTF8.self))),
                .element(XMLElement("request", Namespace.receipts)),
            ]
            return stanza
        case .instance(let application, let instance):
            var payload = XMLElement("push", Namespace.unifiedPushProvider, text: Base64.encode(push.data))
            payload.attributes = [.init("application", application), .init("instance", instance)]
            var stanza = XMLElement("iq", Namespace.client)
            stanza.attributes = [
                .init("type", "set"), .init("id", message.id.description), .init("from", gateway),
                .init("to", address),
            ]
            stanza.children = [.element(payload)]
            return stanza
        }
    }

    /// The answer to a registration.
    static func registered(
        _ registration: PushRegistration, _ iq: XMLElement, url: String, expiresAt: Timestamp?
    ) -> XMLElement {
        switch registration {
        case .token:
            let endpoint = XMLElement("endpoint", Namespace.unifiedPush, text: url)
            return result(iq, XMLElement("register", Namespace.unifiedPush, children: [.element(endpoint)]))
        case .instance:
            var payload = XMLElement("registered", Namespace.unifiedPushProvider)
            payload.setAttribute("endpoint", url)
            payload.setAttribute("expiration", expiresAt?.rfc3339)
            return result(iq, payload)
        }
    }

    static func unregistered(_ registration: PushRegistration, _ iq: XMLElement) -> XMLElement {
        guard case .token = registration else { return result(iq, nil) }
        let success = XMLElement("success", Namespace.unifiedPush)
        return result(iq, XMLElement("unregister", Namespace.unifiedPush, children: [.element(success)]))
    }

    /// Seed 002 looks for its own error in the element that it sent, everybody else for the stanza's.
    static func refused(_ iq: XMLElement, _ refusal: PushGatewayRequest.Refusal) -> XMLElement? {
        switch refusal {
        case .stanza(let error):
            return error.reply(to: iq)
        case .text(let text, let error):
            guard var reply = error.reply(to: iq), let payload = iq.firstElement else { return nil }
            let reason = XMLElement("error", payload.namespace, text: text)
            reply.children = [
                .element(XMLElement(payload.name, payload.namespace, children: [.element(reason)])),
                .element(error.element(in: iq.namespace)),
            ]
            return reply
        }
    }

    static func result(_ iq: XMLElement, _ payload: XMLElement?) -> XMLElement {
        var result = XMLElement("iq", iq.namespace, attributes: [.init("type", "result")])
        result.setAttribute("id", iq.attribute("id"))
        result.setAttribute("from", iq.attribute("to"))
        result.setAttribute("to", iq.attribute("from"))
        if let payload { result.children = [.element(payload)] }
        return result
    }
}

extension PushGatewayRequest.Refusal {
    /// What the gateway could not do for a request.
    init(_ error: any Error, _ registration: PushRegistration) {
        let stanza = StanzaError(error)
        self =
            switch registration {
            case .token: .text("endpointToken error on gateway", stanza)
            case .instance: .stanza(stanza)
            }
    }
}
