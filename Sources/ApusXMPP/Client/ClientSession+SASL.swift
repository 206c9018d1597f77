import ApusCore

/// How far the login has come.
enum ClientLogin {
    /// The password was said. TLS has proven who the server is.
    case plain
    case expectsChallenge(SCRAMClient)
    /// The server has yet to prove that it knows the password too.
    case expectsProof(SCRAMClient)
    case isProven
}

/// Proving who we are (RFC 6120 §6), with the best mechanism that both sides have.
extension ClientSession {
    private static let plain = "PLAIN"

    mutating func authenticate(_ features: XMLElement) {
        let offered = features.child("mechanisms", Namespace.sasl)?.children(named: "mechanism").map(\.text) ?? []
        let username = settings.account.node ?? ""
        phase = .authenticating
        if let mechanism = SCRAMMechanism.allCases.first(where: { offered.contains($0.rawValue) }) {
            let client = SCRAMClient(mechanism: mechanism, username: username, password: settings.password)
            login = .expectsChallenge(client)
            begin(mechanism.rawValue, client.firstMessage)
        } else if isEncrypted, offered.contains(Self.plain) {
            login = .plain
            begin(Self.plain, SASLPlain.message(username: username, password: settings.password))
        } else {
            let list = offered.isEmpty ? "none" : offered.joined(separator: ", ")
            end(.refused("The server offers no way to log in that can be used here. It offers: \(list)."))
        }
    }

    private mutating func begin(_ mechanism: String, _ message: [UInt8]) {
        var auth = XMLElement("auth", Namespace.sasl, text: Base64.encode(message))
        auth.attributes = [.init("mechanism", mechanism)]
        send(element: auth)
    }

    mutating func receiveSASL(_ element: XMLElement) {
        if let failure = SASLFailure(element) { return refuse(failure) }
        switch element.name {
        case "challenge": answer(element)
        case "success": finish(element)
        default: fail(StreamError(.unsupportedStanzaType))
        }
    }

    private mutating func answer(_ challenge: XMLElement) {
        guard let message = Base64.decode(challenge.text) else { return distrust() }
        switch login {
        case .expectsChallenge(var client):
            guard let answer = try? client.answer(message) else { return distrust() }
            login = .expectsProof(client)
            send(element: XMLElement("response", Namespace.sasl, text: Base64.encode(answer)))
        case .expectsProof(var client):
            // It may come in an element of its own, and is acknowledged then (RFC 6120 §6.3.10).
            guard client.verifies(message) else { return distrust() }
            login = .isProven
            send(element: XMLElement("response", Namespace.sasl))
        case .plain, .isProven, nil: distrust()
        }
    }

    private mutating func finish(_ success: XMLElement) {
        switch login {
        case .plain, .isProven: authenticated()
        case .expectsProof(var client):
            guard let message = Base64.decode(success.text), client.verifies(message) else { return distrust() }
            authenticated()
        case .expectsChallenge, nil: distrust()
        }
    }

    private mutating func distrust() {
        end(.refused("The server did not prove that it knows the password. It may not be what it claims to be."))
    }

    private mutating func refuse(_ failure: SASLFailure) {
        let condition = failure.condition.rawValue
        switch failure.condition {
        case .temporaryAuthFailure, .aborted: end(.lost("The server cannot check the password now: \(condition)."))
        case .notAuthorized:
            end(.refused("The server does not accept the name and the password of \(settings.account)."))
        default: end(.refused("The server does not let \(settings.account) log in: \(condition)."))
        }
    }
}
