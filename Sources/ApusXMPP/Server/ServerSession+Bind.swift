import ApusCore

/// Resource binding (RFC 6120 §7).
extension ServerSession {
    mutating func receiveBind(_ request: IQRequest) {
        guard request.isSet, request.payload.name == "bind", let login else {
            return refuse(request.iq, StanzaError(.badRequest))
        }
        let wanted = request.payload.child("resource")?.text ?? ""
        let address: JID
        do throws(StanzaError) {
            address = try login.address.with(resource: wanted.isEmpty ? RandomToken.hex128() : wanted)
        } catch {
            return refuse(request.iq, StanzaError(.badRequest, text: "The resource cannot be used."))
        }
        bound(to: address, usesNotifications: wanted == settings.notificationResource)
        var bind = XMLElement("bind", Namespace.bind)
        bind.children = [.element(XMLElement("jid", Namespace.bind, text: address.description))]
        reply(to: request.iq, bind)
    }
}
