import ApusCore

/// Which applications are being brought their pushes: of each registration one push at a time, oldest first.
struct Deliveries {
    private enum State {
        case running
        case waiting(until: Timestamp)
    }

    /// Of an application that could not be started, or did not take a push.
    private static let retryDelay = RetryDelay(shortest: 10, longest: 1800)

    private var states: [String: State] = [:]
    private var failures: [String: Int] = [:]

    /// A push is on disk.
    /// - Returns: whether to deliver now.
    mutating func pushWasKept(for token: String) -> Bool {
        guard states[token] == nil else { return false }
        states[token] = .running
        return true
    }

    /// The application gives a sign of life, so that what waited for it need not wait longer.
    /// - Returns: whether to deliver now.
    mutating func connectorWasSeen(_ token: String) -> Bool {
        guard case .waiting = states[token] else { return false }
        states[token] = .running
        return true
    }

    /// The application took a push.
    mutating func delivered(_ token: String) {
        failures[token] = nil
    }

    /// Nothing waits any more.
    mutating func finished(_ token: String) {
        states[token] = nil
    }

    /// The application did not take a push.
    mutating func undelivered(_ token: String, at now: Timestamp) {
        guard states[token] != nil else { return }
        failures[token, default: 0] += 1
        states[token] = .waiting(until: now.adding(seconds: Self.retryDelay.seconds(after: failures[token] ?? 1)))
    }

    mutating func forget(_ token: String) {
        states[token] = nil
        failures[token] = nil
    }

    /// Those to try again now.
    mutating func due(at now: Timestamp) -> [String] {
        let due = states.compactMap { token, state in
            if case .waiting(let until) = state, until <= now { token } else { nil }
        }
        for token in due { states[token] = .running }
        return due
    }

    var nextDeadline: Timestamp? {
        states.values.compactMap { if case .waiting(let until) = $0 { until } else { nil } }.min()
    }
}
