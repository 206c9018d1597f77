import ApusCore

/// Presence: the first one starts delivery, and each one says that the client is alive (seed 000, RFC 6121 §4).
extension ServerSession {
    mutating func receivePresence(_ presence: XMLElement) {
        // A distributor may be there for nobody but the gateway (UnifiedPush): its pushes start to come all the same.
        if presence.attribute("to") == settings.gateway {
            if presence.attribute("type") == nil { startDelivery() }
            return
        }
        if presence.attribute("to") != nil, destination(of: presence) == .elsewhere {
            return act(.route(stamped(presence)))
        }
        switch presence.attribute("type") {
        case nil: goAvailable(presence)
        case "unavailable": goUnavailable()
        case "error": break
        default: refuse(presence, StanzaError(.badRequest, text: "There are no subscriptions here."))
        }
    }

    private mutating func goAvailable(_ presence: XMLElement) {
        guard let login else { return }
        // Negative priorities want nothing that is sent to the account (RFC 6121 §8.5.2).
        if let priority = presence.child("priority").flatMap({ Int($0.text) }), priority < 0 {
            return goUnavailable()
        }
        guard !isAvailable else { return }
        var reflected = stamped(presence)
        reflected.setAttribute("to", login.address.description)
        act(.sendStanza(reflected))
        startDelivery()
    }

    private mutating func startDelivery() {
        guard let login, !isAvailable else { return }
        isAvailable = true
        act(.attach(login.account))
    }

    mutating func goUnavailable() {
        guard isAvailable else { return }
        isAvailable = false
        act(.detach)
    }
}
