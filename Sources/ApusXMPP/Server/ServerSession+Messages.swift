import ApusCore

/// Messages from a client: receipts (XEP-0184), markers (XEP-0333), and messages to others.
extension ServerSession {
    mutating func receiveMessage(_ message: XMLElement) {
        guard message.attribute("type") != "error" else { return act(.count(.errorAnswer)) }
        let isReceipt = confirm(message)
        // Headlines and the like are for who is there now (RFC 6121 §8.5).
        let isNow = ["groupchat", "headline"].contains(message.attribute("type"))
        let hasBody = message.child("body") != nil
        // Without an address it is for the account itself (RFC 6121 §8.1).
        let to: JID
        if let text = message.attribute("to") {
            guard let address = try? JID(text) else { return refuse(message, StanzaError(.jidMalformed)) }
            to = address
        } else if let own = login?.address.bare {
            to = own
        } else {
            return
        }
        switch (to.domain == settings.domain, to.node) {
        case (true, let name?) where hasBody && !isNow:
            act(.submit(stamped(message), to: name, number: management?.awaitSettlement()))
        case (true, nil) where hasBody:
            refuse(message, StanzaError(.serviceUnavailable, text: "Nobody reads messages to the server."))
        case (true, nil):
            break
        default:
            // Typing, and the like: for who is there now.
            if !isReceipt { act(.route(stamped(message))) }
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
            if receipt == .read, child.namespace == Namespace.chatMarkers {
                // What was displayed covers what came before it (XEP-0333 §3).
                for earlier in undisplayed.take(upTo: message) { act(.confirm(earlier, .read)) }
            } else {
                act(.confirm(message, receipt))
            }
        }
        return isReceipt
    }
}
