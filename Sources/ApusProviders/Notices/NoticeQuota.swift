import ApusCore
import Synchronization

/// How many notices one receiver gets.
final class NoticeQuota: Sendable {
    private let limits: Mutex<ReceiverLimits?>
    private let clock: any Clock

    /// - Parameter quota: nil for as many as there are.
    init(_ quota: ReceiverLimits.Quota?, clock: any Clock) {
        limits = Mutex(quota.map { ReceiverLimits($0) })
        self.clock = clock
    }

    /// Counts a notice for the receiver. What was not sent after all is taken back by the completion that it gives.
    /// - Returns: nil, and `completion` has been told why, if the receiver had enough.
    func admit(
        _ receiver: String, _ completion: @escaping @Sendable (NotificationOutcome) -> Void
    ) -> (@Sendable (NotificationOutcome) -> Void)? {
        let now = clock.now
        if let seconds = limits.withLock({ $0?.take(receiver, at: now) }) {
            completion(.later(reason: "The receiver had as many as one gets.", afterSeconds: seconds))
            return nil
        }
        return { [self] outcome in
            switch outcome {
            case .accepted, .unknown: break
            case .refused, .later, .putOff: limits.withLock { $0?.giveBack(receiver, takenAt: now) }
            }
            completion(outcome)
        }
    }
}

extension NotificationOutcome {
    init(_ outcome: SendOutcome) {
        let reason = "\(outcome.code): \(outcome.detail)"
        switch outcome.result {
        case .accepted(let reference): self = .accepted(reference: reference)
        case .refused: self = .refused(reason: reason)
        case .later(let seconds): self = .later(reason: reason, afterSeconds: seconds)
        case .putOff(let seconds): self = .putOff(reason: reason, afterSeconds: seconds)
        case .unknown: self = .unknown(reason: reason)
        }
    }
}
