import ApusCore

/// What a lane's requests say of who sends them.
enum LaneAuthorization {
    case token(TeamToken)
    /// Nothing: TLS has told it.
    case certificate(ClientCertificate)

    /// - Returns: nil for a certificate.
    func current(at now: Timestamp) throws -> TeamToken.Authorization? {
        switch self {
        case .token(let token): try token.authorization(at: now)
        case .certificate: nil
        }
    }

    /// APNs answered ExpiredProviderToken.
    func expired(_ issueTime: Int64, at now: Timestamp) -> ProviderTokenSchedule.Renewal {
        switch self {
        case .token(let token): token.expired(issueTime, at: now)
        case .certificate: .wait(until: now.milliseconds / 1000)
        }
    }

    /// APNs answered TooManyProviderTokenUpdates.
    func tooManyUpdates(at now: Timestamp) {
        if case .token(let token) = self { token.tooManyUpdates(at: now) }
    }

    var certificateExpiry: Timestamp? {
        if case .certificate(let certificate) = self { certificate.expiresAt } else { nil }
    }
}
