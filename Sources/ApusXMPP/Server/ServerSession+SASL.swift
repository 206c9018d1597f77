import ApusCore

/// How far a SASL exchange has come.
enum SASLExchange {
    /// The mechanism is chosen, the client's first message is to come.
    case started(String)
    /// The server has sent its challenge. The account is nil for a decoy.
    case challenged(SCRAMServer, Account?)
}

/// SASL (RFC 6120 §6) with PLAIN and SCRAM.
extension ServerSession {
    private static let plain = "PLAIN"

    /// What is offered, the best first.
    var mechanisms: [String] {
        SCRAMMechanism.allCases.map(\.rawValue) + (mayUsePasswords ? [Self.plain] : [])
    }

    mutating func receiveSASL(_ element: XMLElement) {
        guard phase == .authenticating else { return end(StreamError(.notAuthorized)) }
        guard mayAuthenticate else { return fail(.encryptionRequired) }
        switch element.name {
        case "auth": begin(element)
        case "response": proceed(element)
        case "abort": fail(.aborted)
        default: fail(.malformedRequest)
        }
    }

    private mutating func begin(_ element: XMLElement) {
        let mechanism = element.attribute("mechanism") ?? ""
        sasl = nil
        guard mechanism == Self.plain || SCRAMMechanism(rawValue: mechanism) != nil else {
            return fail(.invalidMechanism)
        }
        guard mechanism != Self.plain || mayUsePasswords else { return fail(.encryptionRequired) }
        sasl = .started(mechanism)
        let text = element.text
        // No first message yet; it is asked for by an empty challenge.
        if text.isEmpty { return act(.send(XMLElement("challenge", Namespace.sasl))) }
        proceed(element)
    }

    private mutating func proceed(_ element: XMLElement) {
        guard let exchange = sasl else { return fail(.malformedRequest) }
        sasl = nil
        let text = element.text
        guard let message = text == "=" ? [] : Base64.decode(text) else { return fail(.incorrectEncoding) }
        do throws(SASLFailure) {
            switch exchange {
            case .started(Self.plain):
                let message = try SASLPlain(message, domain: settings.domain)
                ask(.account(message.identity.username), for: .plain(message))
            case .started(let name):
                guard let mechanism = SCRAMMechanism(rawValue: name) else { return fail(.invalidMechanism) }
                var server = SCRAMServer(mechanism: mechanism, domain: settings.domain)
                let identity = try server.receiveFirst(message)
                ask(.account(identity.username), for: .scram(server))
            case .challenged(var server, let account):
                let proof = try server.receiveFinal(message)
                finishSASL(account, .scram, additionalData: Base64.encode(proof))
            }
        } catch {
            fail(error.condition)
        }
    }

    mutating func challenge(_ server: SCRAMServer, _ candidate: LoginCandidate) {
        var server = server
        do throws(SASLFailure) {
            let message = try server.challenge(for: candidate[server.mechanism])
            sasl = .challenged(server, candidate.account)
            act(.send(XMLElement("challenge", Namespace.sasl, text: Base64.encode(message))))
        } catch {
            fail(error.condition)
        }
    }

    /// - Parameter account: nil if the password was wrong.
    mutating func finishSASL(_ account: Account?, _ feature: XMPPFeature, additionalData: String = "") {
        guard let account else { return fail(.notAuthorized) }
        act(.send(XMLElement("success", Namespace.sasl, text: additionalData)))
        act(.count(feature))
        authenticated(account)
    }

    private mutating func fail(_ condition: SASLFailure.Condition) {
        sasl = nil
        act(.send(SASLFailure(condition).element))
        if condition != .aborted { countFailure() }
    }
}
