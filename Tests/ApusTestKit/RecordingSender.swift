package import ApusCore
import Synchronization

/// A sender of SMS or e-mail that keeps what it is given, and answers what it was told to.
package final class RecordingSender: NotificationSender {
    package let mode: NotificationMode
    private let state = Mutex(State())

    private struct State {
        var taken: [OutgoingNotification] = []
        var outcomes: [NotificationOutcome] = []
        var isBusy = false
    }

    package init(_ mode: NotificationMode) {
        self.mode = mode
    }

    package var taken: [OutgoingNotification] { state.withLock { $0.taken } }

    /// What it answers next, one after the other; when there are no more, that it was accepted.
    package func answer(contentsOf outcomes: [NotificationOutcome]) {
        state.withLock { $0.outcomes += outcomes }
    }

    /// Makes it refuse to take anything over.
    package func setBusy(_ isBusy: Bool) {
        state.withLock { $0.isBusy = isBusy }
    }

    package func serves(_ app: AppNumber) -> Bool { true }

    package func submit(
        _ notification: OutgoingNotification, completion: @escaping @Sendable (NotificationOutcome) -> Void
    ) -> Bool {
        let outcome = state.withLock { state -> NotificationOutcome? in
            guard !state.isBusy else { return nil }
            state.taken.append(notification)
            return state.outcomes.isEmpty ? .accepted(reference: "r\(state.taken.count)") : state.outcomes.removeFirst()
        }
        guard let outcome else { return false }
        completion(outcome)
        return true
    }
}
