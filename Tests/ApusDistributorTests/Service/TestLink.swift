import ApusXMPP
import NIOCore
import Synchronization

@testable import ApusDistributor

/// A server with a gateway, without a network.
final class TestLink: GatewayLink {
    private let receive: @Sendable (LinkEvent) -> Void
    private let sent = Mutex<[XMLElement]>([])
    private let asked = Mutex<[XMLElement]>([])

    init(receive: @escaping @Sendable (LinkEvent) -> Void) {
        self.receive = receive
    }

    var stanzas: [XMLElement] { sent.withLock { $0 } }
    var requests: [XMLElement] { asked.withLock { $0 } }

    func start() {
        play(.connected(address: .device, resumed: false))
    }

    func play(_ event: LinkEvent) {
        receive(event)
    }

    func send(_ stanza: XMLElement) {
        sent.withLock { $0.append(stanza) }
    }

    func request(_ iq: XMLElement, within time: TimeAmount, answer: @escaping @Sendable (LinkAnswer) -> Void) {
        asked.withLock { $0.append(iq) }
        let to = iq.attribute("to") ?? ""
        switch iq.firstElement?.name {
        case "query" where iq.firstElement?.namespace == Namespace.discoItems:
            var query = XMLElement("query", Namespace.discoItems)
            query.children = [
                .element(XMLElement("item", Namespace.discoItems, attributes: [.init("jid", "up.example.org")]))
            ]
            answer(.result(.stanza("iq", "result", from: to, [query])))
        case "query" where to == "up.example.org":
            var query = XMLElement("query", Namespace.discoInfo)
            let feature = XMLElement.Attribute("var", GatewayDialect.gultsch.namespace)
            query.children = [.element(XMLElement("feature", Namespace.discoInfo, attributes: [feature]))]
            answer(.result(.stanza("iq", "result", from: to, [query])))
        case "register": answer(.result(.registered("https://up.example.org/push/1", until: "2099-01-01T00:00:00Z")))
        default: answer(.refused(StanzaError(.serviceUnavailable), .stanza("iq", "error", from: to)))
        }
    }

    func stop() async {}
}
