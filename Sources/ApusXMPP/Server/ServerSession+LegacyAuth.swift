import ApusCore

/// Authentication as before XMPP 1.0 (XEP-0078), which AndroidPN clients use. There is no binding after it, and no new
/// stream.
extension ServerSession {
    struct LegacyLogin {
        enum Proof {
            case digest(String)
            case password(String)
        }

        let name: String
        let proof: Proof
        let resource: String
    }

    mutating func receiveLegacyAuth(_ request: IQRequest) {
        guard mayAuthenticate else {
            return refuse(request.iq, StanzaError(.policyViolation, text: "Encrypt the stream first."))
        }
        guard request.payload.name == "query" else { return refuse(request.iq, StanzaError(.badRequest)) }
        if request.isSet { receiveLogin(request) } else { receiveFieldsQuestion(request) }
    }

    // MARK: Which fields are needed

    private mutating func receiveFieldsQuestion(_ request: IQRequest) {
        let given = request.payload.child("username")?.text ?? ""
        guard !given.isEmpty else { return replyWithFields(request.iq, name: "", offersDigest: true) }
        // A name that no account can have is answered like any other.
        let name = accountName(given) ?? given
        ask(.account(name), for: .legacyFields(request.iq, name: given))
    }

    mutating func offerFields(_ iq: XMLElement, _ name: String, _ candidate: LoginCandidate) {
        replyWithFields(iq, name: name, offersDigest: candidate.offersDigest)
    }

    private mutating func replyWithFields(_ iq: XMLElement, name: String, offersDigest: Bool) {
        var query = XMLElement("query", Namespace.legacyAuth)
        query.children = [.element(XMLElement("username", Namespace.legacyAuth, text: name))]
        if mayUsePasswords { query.children.append(.element(XMLElement("password", Namespace.legacyAuth))) }
        if offersDigest { query.children.append(.element(XMLElement("digest", Namespace.legacyAuth))) }
        query.children.append(.element(XMLElement("resource", Namespace.legacyAuth)))
        reply(to: iq, query)
    }

    // MARK: Logging in

    private mutating func receiveLogin(_ request: IQRequest) {
        let query = request.payload
        guard let resource = query.child("resource").flatMap({ try? JID.preparedResource($0.text) }) else {
            return refuse(request.iq, StanzaError(.notAcceptable, text: "A resource is needed."))
        }
        let proof: LegacyLogin.Proof
        if let digest = query.child("digest")?.text, !digest.isEmpty {
            proof = .digest(digest)
        } else if let password = query.child("password")?.text, !password.isEmpty {
            guard mayUsePasswords else {
                return refuse(request.iq, StanzaError(.notAcceptable, text: "Encrypt the stream, or use a digest."))
            }
            proof = .password(password)
        } else {
            return refuse(request.iq, StanzaError(.notAcceptable, text: "A digest or a password is needed."))
        }
        guard let name = query.child("username").flatMap({ accountName($0.text) }) else {
            return refuseLogin(request.iq)
        }
        ask(.account(name), for: .legacyLogin(request.iq, LegacyLogin(name: name, proof: proof, resource: resource)))
    }

    mutating func logIn(_ iq: XMLElement, _ attempt: LegacyLogin, _ candidate: LoginCandidate) {
        switch attempt.proof {
        case .digest(let digest):
            let isRight = candidate.matches(digest: digest, streamID: streamID)
            finishLegacyLogin(iq, attempt, isRight ? candidate.account : nil)
        case .password(let password):
            ask(.password(password, candidate), for: .legacyPassword(iq, attempt, candidate))
        }
    }

    mutating func finishLegacyLogin(_ iq: XMLElement, _ attempt: LegacyLogin, _ account: Account?) {
        guard let account,
            let address = try? JID(node: account.name, domain: settings.domain, resource: attempt.resource)
        else { return refuseLogin(iq) }
        login = Login(account: account, address: address, usesNotifications: true)
        act(.count(.legacyLogin))
        bound(to: address, usesNotifications: true)
        // Clients take the address that this is sent to as their own.
        reply(to: iq)
    }

    private mutating func refuseLogin(_ iq: XMLElement) {
        refuse(iq, StanzaError(.notAuthorized))
        countFailure()
    }

    /// The account that a client means by a name, with or without our domain.
    func accountName(_ text: String) -> String? {
        guard text.utf8.contains(UInt8(ascii: "@")) else { return try? JID.preparedNode(text) }
        guard let address = try? JID(text), address.isBare, address.domain == settings.domain else { return nil }
        return address.node
    }
}
