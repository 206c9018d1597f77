import Synchronization

/// Hands elements from one producer to one consumer and holds no more than so many: then the producer waits.
final class BoundedQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var taker: CheckedContinuation<Element?, any Error>?
        var putter: CheckedContinuation<Void, Never>?
        var end: Result<Void, any Error>?
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Adds an element and waits until there is room for another. After the end it does nothing.
    func put(_ element: Element) async {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard state.end == nil else { return continuation }
                if let taker = state.taker.take() {
                    taker.resume(returning: element)
                    return continuation
                }
                state.elements.append(element)
                guard state.elements.count >= capacity else { return continuation }
                state.putter = continuation
                return nil
            }
            ready?.resume()
        }
    }

    /// Waits for an element. `nil` after the end, or if the task is cancelled.
    ///
    /// - Throws: what the queue was ended with.
    func take() async throws -> Element? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { state in
                    if !state.elements.isEmpty {
                        continuation.resume(returning: state.elements.removeFirst())
                        state.putter.take()?.resume()
                    } else if let end = state.end {
                        continuation.resume(with: end.map { nil })
                    } else if Task.isCancelled {
                        continuation.resume(returning: nil)
                    } else {
                        state.taker = continuation
                    }
                }
            }
        } onCancel: {
            state.withLock { $0.taker.take() }?.resume(returning: nil)
        }
    }

    /// Ends the queue. What is in it can still be taken. Only the first call counts.
    func finish(throwing error: (any Error)? = nil) {
        let (taker, putter, end) = state.withLock { state in
            let end = state.end ?? error.map { .failure($0) } ?? .success(())
            state.end = end
            return (state.taker.take(), state.putter.take(), end)
        }
        putter?.resume()
        taker?.resume(with: end.map { nil })
    }
}
