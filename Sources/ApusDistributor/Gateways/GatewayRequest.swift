import ApusXMPP

/// What the distributor says to a gateway. The link gives IQs their ids.
enum GatewayRequest {
    /// Asks for an endpoint. Gateways that do not know the attribute `vapid` ignore it.
    static func register(_ registration: Registration, at gateway: Gateway) -> XMLElement {
        var element = XMLElement("register", gateway.dialect.namespace)
        element.identify(registration.identity, in: gateway.dialect)
        if gateway.dialect == .gultsch { element.setAttribute("vapid", registration.vapidKey) }
        return iq("set", to: gateway.address, element)
    }

    /// Gives an endpoint back. Only Apus does something about it; who does not answers an error, and gets
    /// `item-not-found` for the next push.
    static func unregister(_ departure: Departure) -> XMLElement {
        var element = XMLElement("unregister", departure.gateway.dialect.namespace)
        element.identify(departure.identity, in: departure.gateway.dialect)
        return iq("set", to: departure.gateway.address, element)
    }

    static func discoverItems(of domain: JID) -> XMLElement {
        iq("get", to: domain, XMLElement("query", Namespace.discoItems))
    }

    static func discoverInfo(of service: JID) -> XMLElement {
        iq("get", to: service, XMLElement("query", Namespace.discoInfo))
    }

    /// Says to a gateway that pushes can come.
    static func presence(to gateway: Gateway) -> XMLElement {
        XMLElement("presence", Namespace.client, attributes: [.init("to", gateway.address.description)])
    }

    /// Says to the own server that messages can come, also those that came while nobody was there.
    static let presence = XMLElement("presence", Namespace.client)

    private static func iq(_ type: String, to: JID, _ content: XMLElement) -> XMLElement {
        XMLElement(
            "iq", Namespace.client, attributes: [.init("type", type), .init("to", to.description)],
            children: [.element(content)])
    }
}

extension XMLElement {
    fileprivate mutating func identify(_ identity: GatewayIdentity, in dialect: GatewayDialect) {
        switch dialect {
        case .gultsch:
            setAttribute("application", identity.application)
            setAttribute("instance", identity.instance)
        case .genofire:
            children.append(.element(XMLElement("token", namespace, text: identity.publicToken)))
        }
    }
}
