/// Resource binding (RFC 6120 §7).
extension ClientSession {
    static let bindID = "bind"

    mutating func bindOrResume(_ features: XMLElement) {
        offersManagement = features.child("sm", Namespace.streamManagement) != nil
        if offersManagement, let resumable { return resume(resumable) }
        bind()
    }

    mutating func bind() {
        phase = .binding
        resumable = nil
        var bind = XMLElement("bind", Namespace.bind)
        bind.children = [.element(XMLElement("resource", Namespace.bind, text: settings.resource))]
        var iq = XMLElement("iq", Namespace.client, children: [.element(bind)])
        iq.attributes = [.init("type", "set"), .init("id", Self.bindID)]
        send(element: iq)
    }

    mutating func receiveBinding(_ iq: XMLElement) {
        guard iq.name == "iq", iq.attribute("id") == Self.bindID else {
            return fail(StreamError(.unsupportedStanzaType))
        }
        if let error = StanzaError(in: iq) {
            let reason = "The server does not let us be \(settings.account)/\(settings.resource): "
            let detail = error.condition.rawValue + (error.text.map { " (\($0))" } ?? "") + "."
            return end(error.kind == .wait ? .lost(reason + detail) : .refused(reason + detail))
        }
        let text = iq.child("bind", Namespace.bind)?.child("jid")?.text ?? ""
        guard let address = try? JID(text), !address.isBare else { return fail(StreamError(.badFormat)) }
        if offersManagement { enableManagement(as: address) } else { becomeReady(as: address, resumed: false) }
    }
}
