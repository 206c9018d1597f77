import ApusCore

/// How long to wait before the next attempt: twice as long after each failure.
struct RetryDelay {
    let shortest: Int64
    let longest: Int64

    /// A gateway that refused.
    static let endpoint = RetryDelay(shortest: 30_000, longest: 3_600_000)
    /// An application that could not be started, or did not take a push.
    static let delivery = RetryDelay(shortest: 10_000, longest: 1_800_000)

    /// - Parameter failures: how many there were in a row, from 1.
    func next(after failures: Int, from now: Timestamp) -> Timestamp {
        now.adding(milliseconds: min(longest, shortest << min(failures - 1, 20)))
    }
}
