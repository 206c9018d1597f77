import NIOCore

/// Waiting times that double with each failure, and are never the same for all.
enum Backoff {
    private static let first = TimeAmount.seconds(1)
    private static let longest = TimeAmount.seconds(60)

    /// - Parameter failures: in a row, from 1.
    /// - Returns: between half and all of 1 s · 2ⁿ⁻¹, which is at most 60 s.
    static func delay(failures: Int, using generator: inout some RandomNumberGenerator) -> TimeAmount {
        let doublings = min(max(failures - 1, 0), 6)
        let delay = min(first.nanoseconds << Int64(doublings), longest.nanoseconds)
        return .nanoseconds(Int64.random(in: delay / 2...delay, using: &generator))
    }
}
