import ApusCore
import NIOCore

extension TokenDeathGuard {
    /// Why tokens are not dropped at the moment; nil if they are.
    var problem: String? {
        isTripped
            ? "Most tokens looked dead, as they do if the credential is another app's: none is dropped until one lives."
            : nil
    }

    /// Takes outcomes into account. A token that lives shows that the credential is the right one.
    /// - Parameter later: when to try again what is not believed.
    /// - Returns: them, with those that are not believed put off.
    mutating func checked(_ outcomes: [VendorOutcome], later: Timestamp, at now: NIODeadline) -> [VendorOutcome] {
        outcomes.map { outcome in
            switch outcome.result {
            case .accepted, .received:
                if isTripped { reset() }
                _ = record(isDeath: false, at: now)
            case .tokenDead:
                _ = record(isDeath: true, at: now)
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
