import ApusCore

/// Tells devices that are gone one by one from a credential of another app, for which all tokens look dead.
struct TokenDeathGuard {
    /// In a row, with no token among them that lives.
    static let limit = 20

    private var deaths = 0

    /// Why tokens are not dropped at the moment; nil if they are.
    var problem: String? {
        deaths < Self.limit
            ? nil
            : "The last \(deaths) tokens look dead, as they do if the credential is another app's: none is dropped."
    }

    /// Takes outcomes into account.
    /// - Parameter later: when to try again what is not believed.
    /// - Returns: them, with those that are not believed put off.
    mutating func checked(_ outcomes: [VendorOutcome], later: Timestamp) -> [VendorOutcome] {
        outcomes.map { outcome in
            switch outcome.result {
            case .accepted, .received: deaths = 0
            case .tokenDead:
                deaths += 1
                if let problem {
                    return VendorOutcome(
                        .later(at: later), code: outcome.code, detail: "\(outcome.detail) \(problem)",
                        task: outcome.task)
                }
            case .refused, .unknown, .putOff, .later: break
            }
            return outcome
        }
    }
}
