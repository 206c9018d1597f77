import Logging
import Synchronization

/// The tokens of those who work with this server, in memory: who calls is known without asking the store.
package final class TokenBook: Sendable {
    private struct Entry {
        var token: AdminToken
        let expiry: Expiry
    }

    private struct State {
        /// Those of the store.
        var entries: [SecretHash: Entry] = [:]
        /// That of the configuration, which may be one of the store's besides.
        var configured: AdminToken?
    }

    /// Tokens that there may be.
    private static let most = 1000
    /// The longest that a token may hold.
    package static let longestSeconds: Int64 = 3650 * 86_400
    /// The name of the token that the configuration has.
    package static let configuredName = "configured"

    private let dispatcher: Dispatcher
    private let state: Mutex<State>

    /// - Parameter configured: a token of the role `admin` that is not in the store.
    package init(dispatcher: Dispatcher, configured: String?) {
        self.dispatcher = dispatcher
        state = Mutex(State(configured: configured.map { Self.configured($0, at: dispatcher.clock.now) }))
    }

    private static func configured(_ secret: String, at now: Timestamp) -> AdminToken {
        AdminToken(name: configuredName, role: .admin, hash: SecretHash(of: secret), createdAt: now)
    }

    /// Reads the tokens from the store.
    /// - Returns: a token that was made because there was none to administer the server with.
    package func load() async throws -> String? {
        let now = dispatcher.clock.now
        let stored = try await dispatcher.query { try $0.adminTokens() }
        for token in stored { add(token) }
        try await dispatcher.audit?.noteConfigured(state.withLock { $0.configured?.hash }, dispatcher)
        guard state.withLock({ $0.configured == nil }), !stored.contains(where: { $0.administers(at: now) }) else {
            return nil
        }
        var (name, number) = ("admin", 1)
        while stored.contains(where: { $0.name == name }) {
            number += 1
            name = "admin-\(number)"
        }
        let act = AuditAct("token.create", name, by: Origin(.server))
        return try await create(named: name, role: .admin, noting: act).secret
    }

    // MARK: Who calls

    /// - Returns: the token that this is; nil if it is none.
    /// - Throws: `ApusError` if it has expired.
    package func token(_ secret: String) throws(ApusError) -> AdminToken? {
        let hash = SecretHash(of: secret)
        let (configured, entry) = state.withLock { ($0.configured, $0.entries[hash]) }
        if let configured, configured.hash.matches(hash) {
            note(use: configured, at: dispatcher.clock.now)
            return configured
        }
        guard let entry else { return nil }
        let token = entry.token
        guard !entry.expiry.hasPassed(dispatcher.clock) else {
            throw ApusError(
                .unauthenticated, code: "token_expired",
                "The token \(token.name) expired at \(token.expiresAt?.rfc3339 ?? "its time"). "
                    + "Have another one made with `apus token create`.")
        }
        note(use: token, at: dispatcher.clock.now)
        return token
    }

    /// Whether the token with this hash still lets its bearer in.
    func holds(_ hash: SecretHash) -> Bool {
        let (configured, entry) = state.withLock { ($0.configured, $0.entries[hash]) }
        return configured?.hash.matches(hash) ?? false || entry.map { !$0.expiry.hasPassed(dispatcher.clock) } ?? false
    }

    /// Keeps the hour, so that a token in use costs one write in an hour.
    private func note(use token: AdminToken, at now: Timestamp) {
        let hour = Timestamp(milliseconds: now.milliseconds / 3_600_000 * 3_600_000)
        guard token.usedAt != hour else { return }
        guard token.name != Self.configuredName else { return state.withLock { $0.configured?.usedAt = hour } }
        state.withLock { $0.entries[token.hash]?.token.usedAt = hour }
        Task { [dispatcher] in try? await dispatcher.update { try $0.noteUse(ofAdminToken: token.hash, at: hour) } }
    }

    /// From now on this is the token of the configuration; nil if it has none.
    package func configure(_ secret: String?) async {
        let token = secret.map { Self.configured($0, at: dispatcher.clock.now) }
        let isAnother = state.withLock { state in
            guard state.configured?.hash != token?.hash else { return false }
            state.configured = token
            return true
        }
        guard isAnother else { return }
        do {
            try await dispatcher.audit?.noteConfigured(token?.hash, dispatcher)
        } catch {
            // A token that was taken away must not stay valid because the disk is full. The next start says it.
            dispatcher.logger.error(
                "the audit does not tell of the new server.admin_token", metadata: ["reason": "\(error)"])
        }
    }

    // MARK: Making and revoking

    /// All tokens, in the order of their names.
    package func list() -> [AdminToken] {
        state.withLock { $0.entries.values.map(\.token) + [$0.configured].compactMap { $0 } }
            .sorted { $0.name < $1.name }
    }

    /// Makes a token.
    /// - Parameters:
    ///   - appID: the only app that it is for; nil for all.
    ///   - lifetimeSeconds: nil for a token that does not expire.
    ///   - act: what the audit says of it.
    /// - Returns: the token, and what its bearer shows, at the only time that it is known.
    /// - Throws: `ApusError` if the name is taken, or there are too many.
    package func create(
        named name: String, role: Role, appID: String? = nil, lifetimeSeconds: Int64? = nil, noting act: AuditAct? = nil
    ) async throws -> (token: AdminToken, secret: String) {
        let secret = RandomToken.hex128()
        let now = dispatcher.clock.now
        let token = AdminToken(
            name: name, role: role, appID: appID, hash: SecretHash(of: secret), createdAt: now,
            expiresAt: lifetimeSeconds.map { now.adding(seconds: $0) })
        // In the order of the commits, so that nothing brings back what was revoked meanwhile.
        try await dispatcher.update(committed: { [self] _ in add(token) }, noting: { _ in act }) { transaction in
            guard try transaction.adminTokens().count < Self.most else {
                throw ApusError(
                    .conflict, code: "too_many_tokens",
                    "There are \(Self.most) tokens already. Revoke those that are not used any more.")
            }
            guard name != Self.configuredName, try transaction.insertAdminToken(token) else {
                throw ApusError(
                    .conflict, code: "token_exists", "There is a token named \(name). Choose another name.")
            }
        }
        return (token, secret)
    }

    /// Ends a token at once.
    /// - Parameter act: what the audit says of it.
    /// - Throws: `ApusError` if there is none of this name, or nobody could administer the server without it.
    package func revoke(_ name: String, noting act: AuditAct? = nil) async throws {
        guard name != Self.configuredName else {
            throw ApusError(
                .conflict, code: "configured_token",
                "This token is server.admin_token of the configuration. Remove it there and restart the server.")
        }
        let now = dispatcher.clock.now
        let configured = state.withLock { $0.configured }
        _ = try await dispatcher.update(committed: { [self] in remove($0) }, noting: { _ in act }) { transaction in
            let all = try transaction.adminTokens()
            guard let token = all.first(where: { $0.name == name }) else {
                throw ApusError(.notFound, code: "unknown_token", "There is no token named \(name).")
            }
            guard token.hash != configured?.hash else {
                throw ApusError(
                    .conflict, code: "configured_token",
                    "The token \(name) would stay valid, as it is server.admin_token of the configuration too "
                        + "(APUS_ADMIN_TOKEN in the server's environment). Remove it there and restart the server.")
            }
            let others = all.filter { $0.name != name }
            guard
                configured != nil || !token.administers(at: now) || others.contains(where: { $0.administers(at: now) })
            else {
                throw ApusError(
                    .conflict, code: "last_admin_token",
                    "Nobody could administer the server without this token. Make another of the role admin first.")
            }
            try transaction.removeAdminToken(token.hash)
            return token.hash
        }
    }

    private func add(_ token: AdminToken) {
        let entry = Entry(token: token, expiry: Expiry(at: token.expiresAt, dispatcher.clock))
        state.withLock { $0.entries[token.hash] = entry }
    }

    private func remove(_ hash: SecretHash) {
        state.withLock { $0.entries[hash] = nil }
    }
}
