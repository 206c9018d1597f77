import ApusCore
import Synchronization

/// Verifies provider tokens for all connections, and remembers those that were good.
final class ProviderTokenVerifier: Sendable {
    /// A token that was verified. Whether it is still fresh is told by ``checkAge(at:)``.
    struct Verified: Sendable {
        let authorization: String
        let keyID: String
        let teamID: String
        let issuedAt: Int64
        let sender: APNsSender

        /// A token is good for an hour. One from the future tells of a clock that is wrong.
        func checkAge(at now: Timestamp) throws(APNsRefusal) {
            let age = now.milliseconds / 1000 - issuedAt
            guard abs(age) <= ProviderTokenVerifier.longestAge else { throw .expiredProviderToken }
        }
    }

    private struct State {
        var verified: [String: Verified] = [:]
        /// When the tokens of a team that are not older than 20 minutes were first used.
        var updates: [String: [Timestamp]] = [:]
    }

    /// Seconds.
    fileprivate static let longestAge: Int64 = 60 * 60
    private static let updatePeriod: Int64 = 20 * 60

    private let teams: [String: APNsTeam]
    private let environment: APNsServiceEnvironment
    private let updateLimit: Int
    private let state = Mutex(State())

    /// - Parameter updateLimit: how many different tokens a team may use within 20 minutes.
    init(teams: [APNsTeam], environment: APNsServiceEnvironment, updateLimit: Int) {
        self.teams = Dictionary(teams.map { ($0.id, $0) }) { _, last in last }
        self.environment = environment
        self.updateLimit = updateLimit
    }

    /// - Parameter authorization: the header of that name.
    func verify(_ authorization: String, at now: Timestamp) throws(APNsRefusal) -> Verified {
        if let known = state.withLock({ $0.verified[authorization] }) {
            try known.checkAge(at: now)
            return known
        }
        let verified = try check(authorization)
        try verified.checkAge(at: now)
        try remember(verified, at: now)
        return verified
    }

    private func check(_ authorization: String) throws(APNsRefusal) -> Verified {
        guard let space = authorization.firstIndex(of: " "), authorization[..<space].lowercased() == "bearer" else {
            throw .invalidProviderToken
        }
        let token = try ProviderToken(authorization[authorization.index(after: space)...])
        guard let team = teams[token.teamID], let key = team.keys.first(where: { $0.id == token.keyID }),
            token.isSigned(with: key.publicKey)
        else { throw .invalidProviderToken }
        if let only = key.environment, only != environment { throw .badEnvironmentKeyInToken }
        return Verified(
            authorization: authorization, keyID: token.keyID, teamID: token.teamID, issuedAt: token.issuedAt,
            sender: APNsSender(credentials: .providerToken, topics: team.bundleIDs))
    }

    private func remember(_ token: Verified, at now: Timestamp) throws(APNsRefusal) {
        let isPermitted = state.withLock { state in
            // Another connection may have been quicker.
            if state.verified[token.authorization] != nil { return true }
            var recent = state.updates[token.teamID, default: []]
            recent.removeAll { $0.adding(seconds: Self.updatePeriod) <= now }
            guard recent.count < updateLimit else { return false }
            state.updates[token.teamID] = recent + [now]
            state.verified = state.verified.filter { (try? $0.value.checkAge(at: now)) != nil }
            state.verified[token.authorization] = token
            return true
        }
        guard isPermitted else { throw .tooManyProviderTokenUpdates }
    }
}
