import ApusCore

/// The server's half of one SCRAM exchange (RFC 5802 §3 and §5):
/// ``receiveFirst(_:)``, look up the credentials, ``challenge(for:)``, ``receiveFinal(_:)``.
///
/// It ends with the first failure and after success; a message out of turn is refused. Messages are without base 64.
package struct SCRAMServer: Sendable {
    private enum Stage: Sendable {
        case first
        case lookup(First)
        case final(First, serverFirst: String, SCRAMCredentials)
        case done
    }

    /// What the first message said.
    private struct First: Sendable {
        var header: String
        var bare: String
        var nonce: String
    }

    package let mechanism: SCRAMMechanism
    private let domain: String
    private let serverNonce: String
    private var stage = Stage.first

    /// - Parameter domain: ours, which accounts may add to their name.
    package init(mechanism: SCRAMMechanism, domain: String) {
        self.init(mechanism: mechanism, domain: domain, nonce: SCRAMMessage.randomNonce())
    }

    /// With a known nonce, for tests.
    init(mechanism: SCRAMMechanism, domain: String, nonce: String) {
        self.mechanism = mechanism
        self.domain = domain
        serverNonce = nonce
    }

    /// Reads the client's first message.
    ///
    /// - Returns: whose credentials are needed.
    package mutating func receiveFirst(_ message: [UInt8]) throws(SASLFailure) -> SASLIdentity {
        guard case .first = stage else { throw end(.malformedRequest) }
        guard let text = SCRAMMessage.text(message) else { throw end(.malformedRequest) }
        let parts = SCRAMMessage.fields(text[...], maxSplits: 2)
        // We do not offer channel binding: `y`, "I could, you cannot", is right, and `p=`, "I do", is not (§6).
        guard parts.count == 3, parts[0] == "n" || parts[0] == "y" else { throw end(.malformedRequest) }
        var authorization = ""
        if !parts[1].isEmpty {
            guard parts[1].hasPrefix("a="), let name = SCRAMMessage.unescaped(parts[1].dropFirst(2)) else {
                throw end(.malformedRequest)
            }
            authorization = name
        }
        // An extension we must know, `m=`, comes before the name, so it is refused here (§5.1).
        guard let attributes = SCRAMMessage.attributes(parts[2]), attributes.count >= 2,
            attributes[0].name == "n", let name = SCRAMMessage.unescaped(attributes[0].value), !name.isEmpty,
            attributes[1].name == "r", SCRAMMessage.isNonce(attributes[1].value)
        else { throw end(.malformedRequest) }
        do throws(SASLFailure) {
            let identity = try SASLIdentity(authentication: name, authorization: authorization, domain: domain)
            stage = .lookup(
                First(
                    header: "\(parts[0]),\(parts[1]),",
                    bare: String(parts[2]),
                    nonce: String(attributes[1].value)
                )
            )
            return identity
        } catch {
            throw end(error.condition)
        }
    }

    /// The server's first message.
    ///
    /// - Parameter credentials: those of the account, or a decoy if there is none (``SCRAMCredentials``).
    package mutating func challenge(for credentials: SCRAMCredentials) throws(SASLFailure) -> [UInt8] {
        guard case .lookup(let first) = stage else { throw end(.malformedRequest) }
        let salt = Base64.encode(credentials.salt)
        let message = "r=\(first.nonce)\(serverNonce),s=\(salt),i=\(credentials.iterations)"
        stage = .final(first, serverFirst: message, credentials)
        return Array(message.utf8)
    }

    /// Reads the client's final message and checks the proof.
    ///
    /// - Returns: the server's final message, which proves that it knows the credentials too.
    package mutating func receiveFinal(_ message: [UInt8]) throws(SASLFailure) -> [UInt8] {
        guard case .final(let first, let serverFirst, let credentials) = stage else { throw end(.malformedRequest) }
        stage = .done
        guard let text = SCRAMMessage.text(message), let attributes = SCRAMMessage.attributes(text[...]),
            attributes.count >= 3, attributes[0].name == "c", attributes[1].name == "r",
            let last = attributes.last, last.name == "p",
            let header = Base64.decode(String(attributes[0].value)), let proof = Base64.decode(String(last.value))
        else { throw SASLFailure(.malformedRequest) }
        guard header == Array(first.header.utf8),
            attributes[1].value.utf8.elementsEqual((first.nonce + serverNonce).utf8),
            proof.count == mechanism.hashLength
        else { throw SASLFailure(.notAuthorized) }
        let withoutProof = Substring(text.utf8.dropLast(",p=".utf8.count + last.value.utf8.count))
        let authMessage = Array("\(first.bare),\(serverFirst),\(withoutProof)".utf8)
        let signature = mechanism.authenticate(authMessage, key: credentials.storedKey)
        let clientKey = SCRAMMechanism.exclusiveOr(proof, signature)
        guard ConstantTime.isEqual(mechanism.hash(clientKey), credentials.storedKey) else {
            throw SASLFailure(.notAuthorized)
        }
        return Array("v=\(Base64.encode(mechanism.authenticate(authMessage, key: credentials.serverKey)))".utf8)
    }

    private mutating func end(_ condition: SASLFailure.Condition) -> SASLFailure {
        stage = .done
        return SASLFailure(condition)
    }
}
