import Synchronization

/// What a search for the oldest unsent delivery found.
package enum UnsentSearch: Sendable, Equatable {
    /// A delivery of this message is the oldest.
    case found(MessageID)
    /// There is none before this message; at the end, nor is there any from it on.
    case none(before: MessageID, isEnd: Bool)
}

/// How long the oldest delivery has waited that was not sent, looked up from time to time.
///
/// No delivery becomes unsent, so what was passed over once is not looked at again: each row of the store is visited
/// once, in small steps.
package final class OldestUnsent: Sendable {
    private struct State {
        var cursor = MessageID.zero
        var oldest: MessageID?
    }

    private static let interval = Duration.seconds(5)
    private static let rowsPerStep = 20_000
    private static let stepsPerLook = 20

    private let state = Mutex(State())

    package init() {}

    /// In seconds; 0 if none waits.
    package func age(at now: Timestamp) -> Double {
        guard let oldest = state.withLock({ $0.oldest }) else { return 0 }
        return max(0, Double(now.milliseconds - oldest.time.milliseconds) / 1000)
    }

    /// Looks until the task is cancelled.
    package func watch(_ dispatcher: Dispatcher) async {
        while !Task.isCancelled {
            await look(dispatcher)
            try? await Task.sleep(for: Self.interval)
        }
    }

    func look(_ dispatcher: Dispatcher) async {
        for _ in 0..<Self.stepsPerLook {
            let cursor = state.withLock { $0.cursor }
            guard
                let search = try? await dispatcher.query({
                    try $0.oldestUnsent(from: cursor, rows: Self.rowsPerStep)
                })
            else { return }
            switch search {
            case .found(let message):
                return state.withLock { $0 = State(cursor: message, oldest: message) }
            case .none(let next, let isEnd):
                state.withLock { $0 = State(cursor: next, oldest: nil) }
                if isEnd { return }
            }
        }
    }
}
