import ApusCore

/// Who may be logging in: an account, or a decoy that no password fits.
///
/// A decoy is always the same for a name, and everything is done with it that is done with an account, so that no answer
/// and no time tells whether there is such an account. It offers a digest if new accounts do.
struct LoginCandidate: Sendable {
    /// Nil for a decoy.
    let account: Account?
    private let credentials: AccountCredentials
    /// Nil for an account whose password cannot be read back.
    private let password: String?

    init(_ account: Account, credentials: AccountCredentials, password: String?) {
        self.account = account.isActive ? account : nil
        self.credentials = credentials
        self.password = password
    }

    /// - Parameters:
    ///   - secret: one of the server, the same after a restart.
    ///   - keepsPassword: whether new accounts can log in with a digest.
    init(decoyFor name: String, secret: [UInt8], keepsPassword: Bool) {
        account = nil
        let decoy = { (mechanism: SCRAMMechanism) in
            SCRAMCredentials.decoy(
                username: name, secret: secret, iterations: SCRAMMechanism.leastIterations, mechanism: mechanism)
        }
        credentials = AccountCredentials(sha1: decoy(.sha1), sha256: decoy(.sha256), sealedPassword: nil)
        let random = SCRAMMechanism.sha256.authenticate(Array("password\0\(name)".utf8), key: secret)
        password = keepsPassword ? Hex.encode(random) : nil
    }

    subscript(mechanism: SCRAMMechanism) -> SCRAMCredentials { credentials[mechanism] }

    /// Whether the account can log in with a digest (XEP-0078).
    var offersDigest: Bool { password != nil }

    func matches(digest: String, streamID: String) -> Bool {
        guard let password else { return false }
        return LegacyDigest.matches(digest, streamID: streamID, password: password) && account != nil
    }

    /// Whether comparing a password takes milliseconds.
    var isSlow: Bool { password == nil }

    func matches(password given: String) -> Bool {
        guard let given = StringPreparation.saslprep(given) else { return false }
        if let password {
            let own = StringPreparation.saslprep(password) ?? ""
            return ConstantTime.isEqual(Array(own.utf8), Array(given.utf8)) && account != nil
        }
        let keys = credentials.sha256
        let other = SCRAMCredentials(
            password: given, salt: keys.salt, iterations: keys.iterations, mechanism: .sha256)
        return ConstantTime.isEqual(keys.storedKey, other?.storedKey ?? []) && account != nil
    }
}
