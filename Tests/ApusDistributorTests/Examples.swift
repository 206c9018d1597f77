import ApusCore
import ApusXMPP
import Testing

@testable import ApusDistributor

extension Registration {
    static func example(
        service: String = "org.example.App", token: String, dialect: ConnectorDialect = .second,
        endpoint: GatewayEndpoint? = nil
    ) throws -> Registration {
        let service = try #require(BusName(service))
        return Registration(
            service: service, appToken: token,
            identity: GatewayIdentity(of: service, publicToken: "public-" + token, device: "device"),
            dialect: dialect, description: "", vapidKey: nil, createdAt: Timestamp(milliseconds: 1000),
            endpoint: endpoint)
    }
}

extension Gateway {
    static let gultsch = Gateway(address: .example("up.example.org"), dialect: .gultsch)
    static let genofire = Gateway(address: .example("seed.example.org"), dialect: .genofire)
}

extension JID {
    static let device = example("ann@example.org/device")

    static func example(_ text: String) -> JID {
        do {
            return try JID(text)
        } catch {
            fatalError("\(text) is no address")
        }
    }
}

extension XMLElement {
    /// An IQ or a message from somebody.
    static func stanza(
        _ name: String, _ type: String, from: String, id: String = "1", _ children: [XMLElement] = []
    ) -> XMLElement {
        XMLElement(
            name, Namespace.client,
            attributes: [
                .init("type", type), .init("from", from), .init("id", id), .init("to", "ann@example.org/device"),
            ],
            children: children.map { .element($0) })
    }

    /// A push of either dialect.
    static func push(_ payload: String, to identity: GatewayIdentity, from: String) -> XMLElement {
        var push = XMLElement("push", GatewayDialect.gultsch.namespace, text: payload)
        push.attributes = [.init("application", identity.application), .init("instance", identity.instance)]
        return stanza("iq", "set", from: from, [push])
    }

    static func message(subject: String, body: String, from: String) -> XMLElement {
        stanza(
            "message", "normal", from: from,
            [
                XMLElement("subject", Namespace.client, text: subject),
                XMLElement("body", Namespace.client, text: body),
            ])
    }

    static func registered(_ url: String, until expiration: String) -> XMLElement {
        var registered = XMLElement("registered", GatewayDialect.gultsch.namespace)
        registered.attributes = [.init("endpoint", url), .init("expiration", expiration)]
        return stanza("iq", "result", from: "up.example.org", [registered])
    }
}
