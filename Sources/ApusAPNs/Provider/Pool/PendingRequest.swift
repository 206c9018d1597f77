import ApusCore
import NIOCore

/// A notification from its submission to its outcome.
// SAFETY: made by whoever submits it, handed over under the inbox' lock, and from then on used on the lane's loop only.
final class PendingRequest: @unchecked Sendable {
    let notification: APNsNotification
    /// When it must have an outcome.
    let deadline: NIODeadline
    /// Since when it has been ready to be sent.
    var readySince: NIODeadline
    private(set) var attempts = 0
    /// When the provider token of the last attempt was issued.
    private(set) var issueTime: Int64 = 0
    private(set) var response: APNsResponse?
    /// The outcome if there is no time for another attempt.
    private(set) var fallback = APNsOutcome.notSent
    private var completion: (@Sendable (APNsResult) -> Void)?

    init(
        _ notification: APNsNotification, at now: NIODeadline, deadline: NIODeadline,
        completion: @escaping @Sendable (APNsResult) -> Void
    ) {
        self.notification = notification
        self.deadline = deadline
        readySince = now
        self.completion = completion
    }

    func begin(issueTime: Int64?) {
        attempts += 1
        self.issueTime = issueTime ?? 0
    }

    /// Takes note of how an attempt ended. What may have reached the device stays unknown whatever comes later.
    func note(_ end: AttemptEnd) {
        switch end {
        case .answered(let answer):
            response = answer
            if fallback == .notSent { fallback = .retryLater }
        case .unanswered: fallback = .unknown
        case .refused, .unsent: break
        }
    }

    /// Tells the outcome. Only the first counts.
    func finish(_ outcome: APNsOutcome) {
        guard let completion else { return }
        self.completion = nil
        completion(APNsResult(id: notification.id, outcome: outcome, response: response, attempts: attempts))
    }
}
