package import NIOCore
import Synchronization

extension EventHub {
    /// The next events, for a task that has nothing else to do.
    /// - Returns: a batch without events if there was nothing for a while.
    /// - Throws: `CancellationError`.
    package func next(
        _ filter: EventFilter, form: EventForm, after: EventID?, limit: Int, on eventLoop: any EventLoop
    ) async throws -> EventBatch {
        let waiter = EventWaiter(on: eventLoop)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard waiter.wait(continuation) else { return }
                ask(EventRequest(waiter, filter, form: form, after: after, limit: limit))
            }
        } onCancel: {
            waiter.leave()
        }
    }
}

/// Asks for events once.
private final class EventWaiter: EventFollower {
    private enum State {
        case new
        case waiting(CheckedContinuation<EventBatch, any Error>)
        case over
    }

    let eventLoop: any EventLoop
    private let state = Mutex(State.new)

    init(on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    var hasLeft: Bool { state.withLock { if case .over = $0 { true } else { false } } }

    /// - Returns: false if it has left already; `continuation` has been resumed then.
    func wait(_ continuation: CheckedContinuation<EventBatch, any Error>) -> Bool {
        let isNew = state.withLock { state in
            guard case .new = state else { return false }
            state = .waiting(continuation)
            return true
        }
        if !isNew { continuation.resume(throwing: CancellationError()) }
        return isNew
    }

    func take(_ batch: EventBatch) { end(.success(batch)) }

    func leave() { end(.failure(CancellationError())) }

    private func end(_ result: Result<EventBatch, any Error>) {
        let continuation = state.withLock { state -> CheckedContinuation<EventBatch, any Error>? in
            defer { state = .over }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        continuation?.resume(with: result)
    }
}
