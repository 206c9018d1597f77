import ApusCore

/// The roster (RFC 6121 §2) is always empty: devices have no contacts.
extension ServerSession {
    mutating func receiveRoster(_ request: IQRequest) {
        guard !request.isSet else { return refuse(request.iq, StanzaError(.notAllowed)) }
        reply(to: request.iq, XMLElement("query", Namespace.roster))
    }
}
