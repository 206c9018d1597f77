import ApusCore
import Synchronization

/// The gateway on our own server: a component that is always there. Its devices are the accounts'.
final class EmbeddedGateway: StanzaReceiver {
    private let gateway: PushGateway

    init(address: String, endpoints: EndpointBook, shared: XMPPServerContext) {
        let dispatcher = shared.dispatcher
        gateway = PushGateway(
            address: address, dispatcher: dispatcher, endpoints: endpoints,
            device: { [weak shared] sender, _ in
                guard let shared, sender.domain == shared.settings.domain, let name = sender.node else { return nil }
                let account = try await dispatcher.query { try $0.account(named: name) }
                return account.flatMap { $0.isActive ? $0.device : nil }
            },
            send: { [weak shared] stanza in shared?.route(stanza, from: Unheard(), of: nil) })
    }

    func receive(_ stanza: XMLElement, otherwise refuse: @escaping @Sendable () -> Void) {
        gateway.receive(stanza.moved(to: Namespace.client))
    }
}

/// Who does not hear that its stanza could not be delivered: a distributor that went away asks again.
private final class Unheard: StanzaReceiver {
    func receive(_ stanza: XMLElement, otherwise refuse: @escaping @Sendable () -> Void) {}
}
