/// In-band registration of the account (XEP-0077 §3.1), before anybody is logged in.
extension ClientSession {
    private static let registrationID = "register"

    mutating func register() {
        phase = .registering
        var query = XMLElement("query", Namespace.register)
        query.children = [
            .element(XMLElement("username", Namespace.register, text: settings.account.node ?? "")),
            .element(XMLElement("password", Namespace.register, text: settings.password)),
        ]
        var iq = XMLElement("iq", Namespace.client, children: [.element(query)])
        iq.attributes = [.init("type", "set"), .init("id", Self.registrationID)]
        send(element: iq)
    }

    mutating func receiveRegistration(_ iq: XMLElement) {
        guard iq.name == "iq", iq.attribute("id") == Self.registrationID else {
            return fail(StreamError(.unsupportedStanzaType))
        }
        guard let error = StanzaError(in: iq) else {
            act(.becomeReady(settings.account, resumed: false))
            return end(nil)
        }
        let detail = error.condition.rawValue + (error.text.map { " (\($0))" } ?? "")
        switch error.condition {
        case .conflict: end(.refused("The name \(settings.account) is taken."))
        case .notAllowed, .forbidden, .serviceUnavailable, .featureNotImplemented, .notAuthorized:
            end(.refused("The server lets nobody register an account this way: \(detail)."))
        case .notAcceptable, .badRequest, .jidMalformed:
            end(.refused("The server does not take this name and password, or wants to know more: \(detail)."))
        default: end(.lost("The server did not make the account: \(detail)."))
        }
    }
}
