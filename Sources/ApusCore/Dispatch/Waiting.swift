import Dispatch
import Synchronization

/// Lets a task wait for an acceptance.
final class ContinuationReceiver: AcceptanceReceiver {
    let shard = 0
    private let continuation: CheckedContinuation<Acceptance, any Error>

    init(_ continuation: CheckedContinuation<Acceptance, any Error>) {
        self.continuation = continuation
    }

    func accepted(_ result: Result<Acceptance, ApusError>, token: Int) {
        continuation.resume(with: result.mapError { $0 })
    }
}

/// Carries a value from the commit thread to the task that waits for it.
final class ResultBox<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}
