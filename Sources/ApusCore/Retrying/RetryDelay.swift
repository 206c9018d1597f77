/// How long to wait before the next attempt: twice as long after each failure.
package struct RetryDelay: Sendable, Equatable {
    /// Seconds.
    private let shortest: Int64
    private let longest: Int64

    package init(shortest: Int64, longest: Int64) {
        self.shortest = shortest
        self.longest = longest
    }

    /// Seconds to wait.
    /// - Parameters:
    ///   - failures: how many there were in a row, from 1.
    ///   - jitter: from 0 to 1; up to a quarter is added by it.
    package func seconds(after failures: Int, jitter: Double = 0) -> Int64 {
        let plain = min(longest, shortest << Int64(min(max(failures - 1, 0), 16)))
        return plain + Int64(Double(plain) / 4 * jitter)
    }

    /// The same with some chance in it, so that what failed together does not come together again.
    package func spreadSeconds(after failures: Int) -> Int64 {
        seconds(after: failures, jitter: .random(in: 0...1))
    }
}
