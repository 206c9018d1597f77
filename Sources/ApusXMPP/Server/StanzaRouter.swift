import ApusCore
import NIOCore

/// Takes stanzas from one connection to another: between clients of one app, and between clients and components.
extension XMPPServerContext {
    /// - Parameters:
    ///   - sender: where an error goes.
    ///   - app: the app of a client that sends; nil for a component.
    func route(_ stanza: XMLElement, from sender: any StanzaReceiver, of app: AppNumber?) {
        guard let to = stanza.attribute("to").flatMap({ try? JID($0) }) else {
            return refuse(stanza, .jidMalformed, to: sender)
        }
        if let component = components[to.domain] {
            return component.receive(stanza) { self.refuse(stanza, .resourceConstraint, to: sender) }
        }
        guard to.domain == settings.domain else { return refuse(stanza, .remoteServerNotFound, to: sender) }
        guard let name = to.node else { return answerForServer(stanza, to: sender) }
        guard let connection = connections[name] else { return refuse(stanza, .serviceUnavailable, to: sender) }
        connection.receive(stanza, for: to, from: app) { self.refuse(stanza, .serviceUnavailable, to: sender) }
    }

    /// A component's question to the server itself.
    private func answerForServer(_ stanza: XMLElement, to sender: any StanzaReceiver) {
        guard let request = IQRequest(stanza), request.payload.namespace == Namespace.ping else {
            return refuse(stanza, .serviceUnavailable, to: sender)
        }
        var result = XMLElement("iq", stanza.namespace, attributes: [.init("type", "result")])
        result.setAttribute("id", stanza.attribute("id"))
        result.setAttribute("from", settings.domain)
        result.setAttribute("to", stanza.attribute("from"))
        sender.receive(result)
    }

    /// Only IQs and messages with something in them are answered (RFC 6121 §8.5).
    private func refuse(_ stanza: XMLElement, _ condition: StanzaError.Condition, to sender: any StanzaReceiver) {
        guard stanza.name == "iq" || (stanza.name == "message" && stanza.child("body") != nil),
            let reply = StanzaError(condition).reply(to: stanza)
        else { return }
        sender.receive(reply)
    }
}

/// A connection that takes stanzas, from any thread.
protocol StanzaReceiver: AnyObject, Sendable {
    /// - Parameter refuse: called instead, if the connection takes no more at the moment.
    func receive(_ stanza: XMLElement, otherwise refuse: @escaping @Sendable () -> Void)
}

extension StanzaReceiver {
    /// Takes an answer, which is dropped if the connection takes no more.
    func receive(_ stanza: XMLElement) {
        receive(stanza) {}
    }
}

extension XMLElement {
    /// The same stanza on a stream with another default namespace.
    func moved(to namespace: String) -> XMLElement {
        guard self.namespace != namespace else { return self }
        var moved = self
        moved.namespace = namespace
        moved.children = children.map { child in
            guard case .element(let element) = child, element.namespace == self.namespace else { return child }
            return .element(element.moved(to: namespace))
        }
        return moved
    }
}
