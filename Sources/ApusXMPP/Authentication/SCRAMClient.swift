import ApusCore

/// The client's half of one SCRAM exchange (RFC 5802 §3 and §5), without channel binding. Messages are without base 64.
package struct SCRAMClient: Sendable {
    private enum Stage: Sendable {
        case first
        case final(signature: [UInt8])
        case done
    }

    /// More iterations than this are not computed, whatever the server asks.
    private static let mostIterations = 1_000_000

    private let mechanism: SCRAMMechanism
    private let password: String
    private let nonce: String
    private let bare: String
    private var stage = Stage.first

    package init(mechanism: SCRAMMechanism, username: String, password: String) {
        self.init(mechanism: mechanism, username: username, password: password, nonce: SCRAMMessage.randomNonce())
    }

    /// With a known nonce, for tests.
    init(mechanism: SCRAMMechanism, username: String, password: String, nonce: String) {
        self.mechanism = mechanism
        self.password = password
        self.nonce = nonce
        bare = "n=\(SCRAMMessage.escaped(username)),r=\(nonce)"
    }

    /// What the client sends first.
    package var firstMessage: [UInt8] { Array("n,,\(bare)".utf8) }

    /// Answers the server's first message. Takes milliseconds.
    ///
    /// - Throws: `malformed-request` or, if the server's nonce or its iterations are not acceptable, `not-authorized`.
    package mutating func answer(_ challenge: [UInt8]) throws(SASLFailure) -> [UInt8] {
        guard case .first = stage else { throw SASLFailure(.malformedRequest) }
        stage = .done
        guard let text = SCRAMMessage.text(challenge), let attributes = SCRAMMessage.attributes(text[...]),
            attributes.count >= 3, attributes[0].name == "r", attributes[1].name == "s", attributes[2].name == "i",
            let salt = Base64.decode(String(attributes[1].value)), let iterations = Int(attributes[2].value)
        else { throw SASLFailure(.malformedRequest) }
        let wholeNonce = attributes[0].value
        guard SCRAMMessage.isNonce(wholeNonce), wholeNonce.hasPrefix(nonce), wholeNonce.count > nonce.count,
            SCRAMMechanism.leastIterations...Self.mostIterations ~= iterations,
            let password = StringPreparation.saslprep(password)
        else { throw SASLFailure(.notAuthorized) }

        let salted = mechanism.derive(Array(password.utf8), salt: salt, iterations: iterations)
        let clientKey = mechanism.authenticate(Array("Client Key".utf8), key: salted)
        let serverKey = mechanism.authenticate(Array("Server Key".utf8), key: salted)
        let withoutProof = "c=biws,r=\(wholeNonce)"
        let authMessage = Array("\(bare),\(text),\(withoutProof)".utf8)
        let signature = mechanism.authenticate(authMessage, key: mechanism.hash(clientKey))
        let proof = SCRAMMechanism.exclusiveOr(clientKey, signature)
        stage = .final(signature: mechanism.authenticate(authMessage, key: serverKey))
        return Array("\(withoutProof),p=\(Base64.encode(proof))".utf8)
    }

    /// Whether the server's final message proves that it knows the password too. If not, it must not be trusted.
    package mutating func verifies(_ success: [UInt8]) -> Bool {
        guard case .final(let signature) = stage else { return false }
        stage = .done
        guard let text = SCRAMMessage.text(success), let attributes = SCRAMMessage.attributes(text[...]),
            let first = attributes.first, first.name == "v", let given = Base64.decode(String(first.value))
        else { return false }
        return ConstantTime.isEqual(given, signature)
    }
}
