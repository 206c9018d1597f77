/// What a server keeps of a password for one mechanism (RFC 5802 §2.2). The password cannot be had from it.
package struct SCRAMCredentials: Equatable, Sendable {
    package let salt: [UInt8]
    package let iterations: Int
    package let storedKey: [UInt8]
    package let serverKey: [UInt8]

    /// Credentials read back from the store.
    package init(salt: [UInt8], iterations: Int, storedKey: [UInt8], serverKey: [UInt8]) {
        self.salt = salt
        self.iterations = iterations
        self.storedKey = storedKey
        self.serverKey = serverKey
    }

    /// Takes milliseconds: not for an event loop.
    ///
    /// - Returns: `nil` if the password is empty or holds what SASLprep refuses, or for less than one iteration.
    package init?(password: String, salt: [UInt8], iterations: Int, mechanism: SCRAMMechanism) {
        guard let password = StringPreparation.saslprep(password), iterations >= 1 else { return nil }
        let salted = mechanism.derive(Array(password.utf8), salt: salt, iterations: iterations)
        let clientKey = mechanism.authenticate(Array("Client Key".utf8), key: salted)
        self.init(
            salt: salt,
            iterations: iterations,
            storedKey: mechanism.hash(clientKey),
            serverKey: mechanism.authenticate(Array("Server Key".utf8), key: salted)
        )
    }

    /// Stands in for an account that does not exist: always the same for a name, and no password fits it. The server
    /// goes through the same steps with it, so an answer does not tell whether there is such an account.
    ///
    /// - Parameters:
    ///   - secret: one of the server, the same after a restart.
    ///   - saltLength: as long as those of real accounts.
    ///   - iterations: as many as real accounts have.
    package static func decoy(
        username: String,
        secret: [UInt8],
        iterations: Int,
        mechanism: SCRAMMechanism,
        saltLength: Int = defaultSaltLength
    ) -> SCRAMCredentials {
        func derived(_ purpose: String) -> [UInt8] {
            mechanism.authenticate(Array("\(purpose)\0\(mechanism.rawValue)\0\(username)".utf8), key: secret)
        }
        return SCRAMCredentials(
            salt: Array(derived("salt").prefix(saltLength)),
            iterations: iterations,
            storedKey: derived("stored key"),
            serverKey: derived("server key")
        )
    }

    /// Bytes of a salt of ours.
    package static let defaultSaltLength = 16

    package static func randomSalt() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<defaultSaltLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
