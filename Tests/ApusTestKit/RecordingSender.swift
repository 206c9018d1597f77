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
        /// What it does not answer yet.
        var held: [@Sendable () -> Void]?
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

    /// Whether it keeps its answers to itself, until it does not any more.
    package var holdsAnswers: Bool {
        get { state.withLock { $0.held != nil } }
        set {
            let held = state.withLock { state in
                defer { state.held = newValue ? state.held ?? [] : nil }
                return newValue ? [] : state.held ?? []
            }
            for answer in held { answer() }
        }
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
        let isHeld = state.withLock { state in
            state.held?.append { completion(outcome) }
            return state.held != nil
        }
        if !isHeld { completion(outcome) }
        return true
    }
}
