import ApusCore
import Synchronization

/// A team's provider token, shared by all lanes and connections that use the team's key.
final class TeamToken: Sendable {
    /// What a request says, `bearer …`, and when the token in it was issued.
    struct Authorization: Sendable {
        let header: String
        let issueTime: Int64
    }

    private struct State {
        var schedule = ProviderTokenSchedule()
        var authorization: Authorization?
    }

    private let key: SigningKey
    private let state = Mutex(State())

    init(_ key: SigningKey) {
        self.key = key
    }

    func isOf(_ other: SigningKey) -> Bool { key.isSame(as: other) }

    func authorization(at now: Timestamp) throws -> Authorization {
        try state.withLock { state in
            let issueTime = state.schedule.issueTime(at: now.milliseconds / 1000)
            if let authorization = state.authorization, authorization.issueTime == issueTime { return authorization }
            let authorization = Authorization(
                header: "bearer \(try key.token(issuedAt: issueTime))", issueTime: issueTime)
            state.authorization = authorization
            return authorization
        }
    }

    /// APNs answered ExpiredProviderToken to a request with the token of `issueTime`.
    func expired(_ issueTime: Int64, at now: Timestamp) -> ProviderTokenSchedule.Renewal {
        state.withLock { $0.schedule.expired(issueTime, at: now.milliseconds / 1000) }
    }

    /// APNs answered TooManyProviderTokenUpdates.
    func tooManyUpdates(at now: Timestamp) {
        state.withLock { $0.schedule.tooManyUpdates(at: now.milliseconds / 1000) }
    }
}
