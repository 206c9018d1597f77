import Synchronization

/// Does what different askers want side by side, and what one asker wants in the order in which it was asked for.
package final class OrderedChanges: Sendable {
    package typealias Change = @Sendable () async -> Void

    private struct State {
        /// The first of each queue is under way.
        var queues: [String: [Change]] = [:]
        var count = 0
    }

    private let state = Mutex(State())
    private let most: Int
    private let mostOfOne: Int

    /// - Parameters:
    ///   - most: changes that may wait or be under way.
    ///   - mostOfOne: the same, of one asker.
    package init(most: Int = 8192, mostOfOne: Int = 1024) {
        self.most = most
        self.mostOfOne = mostOfOne
    }

    /// - Returns: false if too many wait already; the change is not done then.
    package func add(by asker: String, _ change: @escaping Change) -> Bool {
        let (isTaken, isFirst) = state.withLock { state -> (Bool, Bool) in
            let waiting = state.queues[asker]?.count ?? 0
            guard state.count < most, waiting < mostOfOne else { return (false, false) }
            state.count += 1
            state.queues[asker, default: []].append(change)
            return (true, waiting == 0)
        }
        if isFirst { Task { await work(for: asker, change) } }
        return isTaken
    }

    private func work(for asker: String, _ first: @escaping Change) async {
        var next: Change? = first
        while let change = next {
            await change()
            next = state.withLock { state in
                state.count -= 1
                state.queues[asker]?.removeFirst()
                if state.queues[asker]?.isEmpty ?? true { state.queues[asker] = nil }
                return state.queues[asker]?.first
            }
        }
    }
}
