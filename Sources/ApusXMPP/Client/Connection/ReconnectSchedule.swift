import NIOCore

/// When to connect again: ever later, and never at the same moment as everybody else whose server was away.
struct ReconnectSchedule {
    private static let first = TimeAmount.seconds(1)
    private static let longest = TimeAmount.minutes(5)
    /// Between attempts that cannot succeed before somebody changes something.
    private static let slow = TimeAmount.minutes(15)
    /// A stream that held for so long was a success. One that ends at once must not make us hammer.
    private static let steady = TimeAmount.seconds(30)

    private var failures = 0

    /// - Parameter held: how long the stream was ready; nil if it never was.
    /// - Returns: between half and all of 1 s · 2ⁿ⁻¹ after n failures, which is at most 5 minutes; of 15 minutes if
    ///   connecting alone does not help.
    mutating func delay(
        after ending: StreamEnding, held: TimeAmount?, using generator: inout some RandomNumberGenerator
    ) -> TimeAmount {
        if let held, held >= Self.steady { failures = 0 }
        failures += 1
        let doubled = Self.first.nanoseconds << Int64(min(failures - 1, 9))
        let delay = ending.needsAttention ? Self.slow.nanoseconds : min(doubled, Self.longest.nanoseconds)
        return .nanoseconds(Int64.random(in: delay / 2...delay, using: &generator))
    }

    /// Something changed: the next delay is short again.
    mutating func reset() {
        failures = 0
    }
}
