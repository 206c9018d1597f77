package import ApusCore
import Dispatch

/// The accounts of the XMPP server. Each is a device, whose alias is the account's name until it sets another.
package final class XMPPAccountBook: AccountBook {
    private let dispatcher: Dispatcher
    private let box: SecretBox
    private let decoySecret: [UInt8]
    private let keepsPasswords: Bool
    /// Connections that end when an administrator changes their accounts.
    let connections = AccountConnections()
    /// Deriving keys takes milliseconds.
    private let derivation = DispatchQueue(label: "apus.xmpp.keys", qos: .userInitiated)

    private static let longestName = 255
    private static let longestPassword = 255

    /// - Parameter keepsPasswords: whether new passwords can be read back, as digests (XEP-0078) need.
    package init(dispatcher: Dispatcher, box: SecretBox, keepsPasswords: Bool) {
        self.dispatcher = dispatcher
        self.box = box
        self.keepsPasswords = keepsPasswords
        decoySecret = box.derivedKey(for: "xmpp decoys")
    }

    // MARK: Logging in

    /// Finds who logs in; `completion` is called on another thread.
    func find(_ name: String, completion: @escaping @Sendable (Result<LoginCandidate, any Error>) -> Void) {
        dispatcher.account(named: name) { [self] result in
            completion(result.map { $0.flatMap(candidate) ?? decoy(name) })
        }
    }

    private func decoy(_ name: String) -> LoginCandidate {
        LoginCandidate(decoyFor: name, secret: decoySecret, keepsPassword: keepsPasswords)
    }

    private func candidate(_ account: Account) -> LoginCandidate? {
        guard let credentials = AccountCredentials(bytes: account.credentials) else { return nil }
        let password = credentials.sealedPassword.flatMap { box.open($0, for: account.name) }
            .flatMap { String(validating: $0, as: UTF8.self) }
        return LoginCandidate(account, credentials: credentials, password: password)
    }

    /// Compares a password; `completion` may be called on another thread.
    func check(_ password: String, _ candidate: LoginCandidate, completion: @escaping @Sendable (Bool) -> Void) {
        guard candidate.isSlow else { return completion(candidate.matches(password: password)) }
        derivation.async { completion(candidate.matches(password: password)) }
    }

    // MARK: Changing

    package func add(
        _ name: String, password: String, to app: App, keepsPassword: Bool?, noting act: AuditAct?
    ) async throws -> Account {
        guard let name = try? JID.preparedNode(name), name.utf8.count <= Self.longestName else {
            throw AccountError.unusableName
        }
        let credentials = try await credentials(password, of: name, keepsPassword ?? keepsPasswords)
        let now = dispatcher.clock.now
        // The token is random, as who knows it could take the device over through ONE-PUSH.
        let registration = DeviceRegistration(
            app: app.number, alias: name, platform: .android, nativeToken: "xmpp:\(RandomToken.hex128())")
        let account = try await dispatcher.update(noting: { $0 == nil ? nil : act }) {
            try $0.insertAccount(
                named: name, credentials: credentials.bytes, registration: registration,
                deviceID: RandomToken.hex128(), at: now)
        }
        guard let account else { throw AccountError.exists(name) }
        return account
    }

    package func setPassword(
        _ password: String, of name: String, keepsPassword: Bool?, noting act: AuditAct?
    ) async throws {
        let name = try await changePassword(password, of: name, keepsPassword: keepsPassword, noting: act)
        connections[name]?.endForAccount("The password was changed.")
    }

    /// Changes the password as the account itself asks for it; its connection stays.
    /// - Parameter keepsPassword: nil to keep what the account has.
    /// - Returns: the account's name.
    @discardableResult
    func changePassword(
        _ password: String, of name: String, keepsPassword: Bool? = nil, noting act: AuditAct? = nil
    ) async throws -> String {
        guard let name = try? JID.preparedNode(name),
            let account = try await dispatcher.query({ try $0.account(named: name) })
        else { throw AccountError.unknown(name) }
        let hasPassword = AccountCredentials(bytes: account.credentials)?.sealedPassword != nil
        let credentials = try await credentials(password, of: name, keepsPassword ?? hasPassword)
        let isKnown = try await dispatcher.update(noting: { $0 ? act : nil }) {
            try $0.replaceCredentials(ofAccount: name, with: credentials.bytes)
        }
        guard isKnown else { throw AccountError.unknown(name) }
        return name
    }

    package func remove(_ name: String, noting act: AuditAct?) async throws {
        guard let name = try? JID.preparedNode(name) else { throw AccountError.unknown(name) }
        let account = try await dispatcher.update(noting: { $0 == nil ? nil : act }) {
            try $0.removeAccount(named: name)
        }
        guard let account else { throw AccountError.unknown(name) }
        dispatcher.disconnect(account.device, .unregistered)
        connections[name]?.endForAccount("The account was removed.")
    }

    private func credentials(
        _ password: String, of name: String, _ keepsPassword: Bool
    ) async throws -> AccountCredentials {
        guard password.utf8.count <= Self.longestPassword else { throw AccountError.unusablePassword }
        let sealed = keepsPassword ? box.seal(Array(password.utf8), for: name) : nil
        return try await withCheckedThrowingContinuation { continuation in
            derivation.async {
                let derive = { (mechanism: SCRAMMechanism) in
                    SCRAMCredentials(
                        password: password, salt: SCRAMCredentials.randomSalt(),
                        iterations: SCRAMMechanism.leastIterations, mechanism: mechanism)
                }
                guard let sha1 = derive(.sha1), let sha256 = derive(.sha256) else {
                    return continuation.resume(throwing: AccountError.unusablePassword)
                }
                continuation.resume(
                    returning: AccountCredentials(sha1: sha1, sha256: sha256, sealedPassword: sealed))
            }
        }
    }
}

enum AccountError {
    static let unusableName = ApusError(
        .invalid, code: "unusable_name",
        "The user name must have 1 to 255 bytes, without spaces and the characters \" & ' / : < > @.")
    static let unusablePassword = ApusError(
        .invalid, code: "unusable_password", "The password must have 1 to 255 bytes and no control characters.")

    static func exists(_ name: String) -> ApusError {
        ApusError(.conflict, code: "user_exists", "There is a user \(name) already. Choose another name.")
    }

    static func unknown(_ name: String) -> ApusError {
        ApusError(.notFound, code: "unknown_user", "There is no user \(name).")
    }
}
