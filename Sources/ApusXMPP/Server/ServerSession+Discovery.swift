import ApusCore
import Synchronization

/// Service discovery (XEP-0030).
extension ServerSession {
    private static let serverFeatures = [
        Namespace.discoInfo, Namespace.discoItems, Namespace.ping, Namespace.register, Namespace.roster, "msgoffline",
    ]

    mutating func receiveDiscovery(_ request: IQRequest) {
        guard !request.isSet, request.payload.name == "query" else {
            return refuse(request.iq, StanzaError(.serviceUnavailable))
        }
        // There is nothing to discover at nodes of ours.
        guard request.payload.attribute("node") == nil else {
            return refuse(request.iq, StanzaError(.itemNotFound))
        }
        // What is for nobody is for the client's own account (RFC 6120 §10.3.3).
        let isOfAccount = request.iq.attribute("to").map { (try? JID($0))?.node != nil } ?? true
        let namespace = request.payload.namespace
        var query = XMLElement("query", namespace)
        query.children =
            switch (namespace == Namespace.discoInfo, isOfAccount) {
            case (true, true): [Self.identity("account", "registered")]
            case (true, false): [Self.identity("server", "im")] + Self.serverFeatures.map(Self.feature)
            case (false, true): []
            case (false, false): services.domains.map(Self.item)
            }
        reply(to: request.iq, query)
    }

    private static func identity(_ category: String, _ type: String) -> XMLElement.Node {
        let attributes: [XMLElement.Attribute] = [
            .init("category", category), .init("type", type), .init("name", "Apus"),
        ]
        return .element(XMLElement("identity", Namespace.discoInfo, attributes: attributes))
    }

    private static func feature(_ name: String) -> XMLElement.Node {
        .element(XMLElement("feature", Namespace.discoInfo, attributes: [.init("var", name)]))
    }

    private static func item(_ domain: String) -> XMLElement.Node {
        .element(XMLElement("item", Namespace.discoItems, attributes: [.init("jid", domain)]))
    }
}

/// The addresses of the components that are connected, in the order of their names.
final class ServiceList: Sendable {
    private let content = Mutex<[String]>([])

    var domains: [String] { content.withLock { $0 } }

    func add(_ domain: String) {
        content.withLock { $0 = Set($0 + [domain]).sorted() }
    }

    func remove(_ domain: String) {
        content.withLock { $0.removeAll { $0 == domain } }
    }
}
