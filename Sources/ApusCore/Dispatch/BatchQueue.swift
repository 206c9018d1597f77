import Dispatch
import Synchronization

/// A queue whose consumer takes all that waits at once: while one batch is processed, the next one forms.
///
/// This is group commit without a timer. The consumer runs on a thread of its own, never on an event loop.
package final class BatchQueue<Element: Sendable>: Sendable {
    private struct State {
        var waiting: [Element] = []
        var isRunning = false
    }

    private let state = Mutex(State())
    private let thread: DispatchQueue
    private let largestBatch: Int
    private let process: @Sendable ([Element]) -> Void

    /// - Parameter process: takes a batch of 1 to `largestBatch` elements in the order they came.
    package init(label: String, largestBatch: Int, process: @escaping @Sendable ([Element]) -> Void) {
        thread = DispatchQueue(label: label, qos: .userInitiated)
        self.largestBatch = largestBatch
        self.process = process
    }

    package func enqueue(_ element: Element) {
        let mustStart = state.withLock { state in
            state.waiting.append(element)
            return Self.start(&state)
        }
        if mustStart { thread.async { self.run() } }
    }

    package func enqueue(contentsOf elements: [Element]) {
        guard !elements.isEmpty else { return }
        let mustStart = state.withLock { state in
            state.waiting.append(contentsOf: elements)
            return Self.start(&state)
        }
        if mustStart { thread.async { self.run() } }
    }

    /// How many elements wait.
    package var count: Int { state.withLock { $0.waiting.count } }

    /// Waits until everything enqueued before has been processed. Never call it from an event loop.
    package func drain() {
        while true {
            thread.sync {}
            if state.withLock({ $0.waiting.isEmpty && !$0.isRunning }) { return }
        }
    }

    private static func start(_ state: inout State) -> Bool {
        guard !state.isRunning else { return false }
        state.isRunning = true
        return true
    }

    private func run() {
        while true {
            let batch = state.withLock { state -> [Element] in
                if state.waiting.isEmpty { state.isRunning = false }
                let batch = state.waiting
                state.waiting = []
                return batch
            }
            if batch.isEmpty { return }
            var rest = batch[...]
            while !rest.isEmpty {
                process(Array(rest.prefix(largestBatch)))
                rest = rest.dropFirst(largestBatch)
            }
        }
    }
}
