import ApusCore

/// Messages from a client: receipts (XEP-0184), markers (XEP-0333), and messages to others.
extension ServerSession {
    mutating func receiveMessage(_ message: XMLElement) {
        guard message.attribute("type") != "error" else { return act(.count(.errorAnswer)) }
        let isReceipt = confirm(message)
        switch destination(of: message) {
        case .server: return
        case .elsewhere: break
        }
        guard let to = message.attribute("to").flatMap({ try? JID($0) }) else {
            return refuse(message, StanzaError(.jidMalformed))
        }
        guard to.domain == settings.domain, let name = to.node else { return act(.route(stamped(message))) }
        let hasBody = message.child("body") != nil
        if hasBody {
            act(.submit(stamped(message), to: name))
        } else if !isReceipt {
            // Typing, and the like: for who is there now.
            act(.route(stamped(message)))
        }
    }

    /// - Returns: whether the message says something of one of ours.
    private mutating func confirm(_ message: XMLElement) -> Bool {
        var isReceipt = false
        for child in message.elements {
            let receipt: Receipt
            switch (child.namespace, child.name) {
            case (Namespace.receipts, "received"), (Namespace.chatMarkers, "received"): receipt = .received
            // `acknowledged` is of older versions of XEP-0333.
            case (Namespace.chatMarkers, "displayed"), (Namespace.chatMarkers, "acknowledged"): receipt = .read
            default: continue
            }
            guard let message = child.attribute("id").flatMap(MessageID.init) else { continue }
            isReceipt = true
            act(.count(child.namespace == Namespace.receipts ? .receipt : .marker))
            act(.confirm(message, receipt))
        }
        return isReceipt
    }
}
