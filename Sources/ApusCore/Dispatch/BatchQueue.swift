package import Dispatch
import Synchronization

/// A queue whose consumer takes all that waits at once: while one batch is processed, the next one forms.
///
/// This is group commit. Whatever somebody waits for starts a batch at once. What nobody waits for (receipts) rides with
/// the next batch, or starts one after a moment or when there is enough of it. The consumer runs on a thread of its own,
/// never on an event loop.
package final class BatchQueue<Element: Sendable>: Sendable {
    private struct State {
        var waiting: [Element] = []
        var isRunning = false
        /// Whether what waits is to be processed without further delay.
        var isDue = false
        var hasTimer = false
    }

    private let state = Mutex(State())
    private let thread: DispatchQueue
    private let largestBatch: Int
    private let patience: DispatchTimeInterval
    private let process: @Sendable ([Element]) -> Void

    /// - Parameters:
    ///   - patience: how long what nobody waits for may wait.
    ///   - process: takes a batch of 1 to `largestBatch` elements in the order they came.
    package init(
        label: String, largestBatch: Int, patience: DispatchTimeInterval = .milliseconds(10),
        process: @escaping @Sendable ([Element]) -> Void
    ) {
        thread = DispatchQueue(label: label, qos: .userInitiated)
        self.largestBatch = largestBatch
        self.patience = patience
        self.process = process
    }

    /// Somebody waits for this.
    package func enqueue(_ element: Element) {
        let mustStart = state.withLock { state in
            state.waiting.append(element)
            return Self.start(&state)
        }
        if mustStart { thread.async { self.run() } }
    }

    /// Somebody waits for these.
    package func enqueue(contentsOf elements: [Element]) {
        guard !elements.isEmpty else { return }
        let mustStart = state.withLock { state in
            state.waiting.append(contentsOf: elements)
            return Self.start(&state)
        }
        if mustStart { thread.async { self.run() } }
    }

    /// Nobody waits for these.
    package func enqueueLazily(contentsOf elements: [Element]) {
        guard !elements.isEmpty else { return }
        let (mustStart, mustSetTimer) = state.withLock { state in
            state.waiting.append(contentsOf: elements)
            if state.waiting.count >= largestBatch / 4 { return (Self.start(&state), false) }
            if state.isDue || state.hasTimer { return (false, false) }
            state.hasTimer = true
            return (false, true)
        }
        if mustStart { thread.async { self.run() } }
        if mustSetTimer { thread.asyncAfter(deadline: .now() + patience) { self.becomeDue() } }
    }

    /// How many elements wait.
    package var count: Int { state.withLock { $0.waiting.count } }

    /// Waits until everything enqueued before has been processed. Never call it from an event loop.
    package func drain() {
        while state.withLock({ !$0.waiting.isEmpty || $0.isRunning }) {
            if state.withLock({ Self.start(&$0) }) { thread.async { self.run() } }
            thread.sync {}
        }
    }

    private static func start(_ state: inout State) -> Bool {
        state.isDue = true
        guard !state.isRunning else { return false }
        state.isRunning = true
        return true
    }

    private func becomeDue() {
        let mustRun = state.withLock { state in
            state.hasTimer = false
            return !state.waiting.isEmpty && Self.start(&state)
        }
        if mustRun { run() }
    }

    private func run() {
        while true {
            let batch = state.withLock { state -> [Element] in
                let isDue = state.isDue
                state.isDue = false
                guard isDue, !state.waiting.isEmpty else {
                    state.isRunning = false
                    return []
                }
                defer { state.waiting = [] }
                return state.waiting
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
