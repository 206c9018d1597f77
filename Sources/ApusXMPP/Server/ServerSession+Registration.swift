import ApusCore

/// In-band registration (XEP-0077). AndroidPN clients make themselves a random name and password and register first.
extension ServerSession {
    mutating func receiveRegistration(_ request: IQRequest) {
        let query = request.payload
        guard query.name == "query" else { return refuse(request.iq, StanzaError(.badRequest)) }
        guard let account = login?.account else { return receiveNewRegistration(request) }
        if !request.isSet {
            let fields = [
                XMLElement("registered", Namespace.register),
                XMLElement("username", Namespace.register, text: account.name),
                XMLElement("password", Namespace.register),
            ]
            return reply(to: request.iq, XMLElement("query", Namespace.register, children: fields.map { .element($0) }))
        }
        if query.child("remove") != nil {
            return ask(.removeAccount(account.name), for: .removal(request.iq))
        }
        guard let password = query.child("password")?.text, !password.isEmpty else {
            return refuse(request.iq, StanzaError(.badRequest, text: "The new password is missing."))
        }
        guard query.child("username").map({ accountName($0.text) == account.name }) ?? true else {
            return refuse(request.iq, StanzaError(.notAllowed, text: "This is not your account."))
        }
        ask(.setPassword(password, of: account.name), for: .change(request.iq))
    }

    private mutating func receiveNewRegistration(_ request: IQRequest) {
        let query = request.payload
        guard settings.registrationApp != nil else {
            return refuse(request.iq, StanzaError(.notAllowed, text: "Accounts are made by the administrator."))
        }
        guard mayAuthenticate else {
            return refuse(request.iq, StanzaError(.policyViolation, text: "Encrypt the stream first."))
        }
        if !request.isSet {
            let fields = ["username", "password", "email", "name"].map { XMLElement($0, Namespace.register) }
            return reply(to: request.iq, XMLElement("query", Namespace.register, children: fields.map { .element($0) }))
        }
        guard query.child("remove") == nil else { return refuse(request.iq, StanzaError(.notAuthorized)) }
        guard let password = query.child("password")?.text, !password.isEmpty,
            let given = query.child("username")?.text, !given.isEmpty
        else {
            return refuse(request.iq, StanzaError(.notAcceptable, text: "A user name and a password are needed."))
        }
        guard let name = accountName(given) else { return refuse(request.iq, StanzaError(.jidMalformed)) }
        ask(.register(name: name, password: password), for: .registration(request.iq))
    }
}
