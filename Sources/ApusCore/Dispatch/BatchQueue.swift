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
        /// Since when the first of `waiting` waits, and when the first of the batch came that is being processed.
        var waitingSince = DispatchTime.now()
        var runningSince: DispatchTime?

        mutating func add(_ elements: some Sequence<Element>) {
            if waiting.isEmpty { waitingSince = .now() }
            waiting.append(contentsOf: elements)
        }
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
            state.add(CollectionOfOne(element))
            return Self.start(&state)
        }
        if mustStart { thread.async { self.run() } }
    }

    /// Somebody waits for these.
    package func enqueue(contentsOf elements: [Element]) {
        guard !elements.isEmpty else { return }
        let mustStart = state.withLock { state in
            state.add(elements)
            return Self.start(&state)
        }
        if mustStart { thread.async { self.run() } }
    }

    /// Nobody waits for these.
    package func enqueueLazily(contentsOf elements: [Element]) {
        guard !elements.isEmpty else { return }
        let (mustStart, mustSetTimer) = state.withLock { state in
            state.add(elements)
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

    /// How long the element that has waited longest, for its batch or for the end of that, has done so.
    package var longestWait: Duration {
        state.withLock { state in
            guard let since = state.runningSince ?? (state.waiting.isEmpty ? nil : state.waitingSince) else {
                return .zero
            }
            return .nanoseconds(Int64(clamping: DispatchTime.now().uptimeNanoseconds &- since.uptimeNanoseconds))
        }
    }

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
                state.runningSince = nil
                guard isDue, !state.waiting.isEmpty else {
                    state.isRunning = false
                    return []
                }
                defer { state.waiting = [] }
                state.runningSince = state.waitingSince
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
