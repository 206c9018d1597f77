import NIOCore

/// When something ends, by two clocks: a wall clock that is set back keeps nothing alive, and one that is set forward by
/// mistake ends nothing for good.
struct Expiry: Sendable {
    private static let longest: Int64 = 20 * 365 * 86_400_000

    private let time: Timestamp?
    /// The same by a clock that nobody sets.
    private let deadline: NIODeadline?

    /// - Parameter time: nil for never.
    init(at time: Timestamp?, _ clock: any Clock) {
        self.time = time
        let (now, uptime) = (clock.now.milliseconds, clock.uptime)
        deadline = time.map { time in
            let (left, isFar) = time.milliseconds.subtractingReportingOverflow(now)
            return uptime + .milliseconds(isFar ? Self.longest : min(max(left, 0), Self.longest))
        }
    }

    func hasPassed(_ clock: any Clock) -> Bool {
        guard let time, let deadline else { return false }
        return time <= clock.now || deadline <= clock.uptime
    }
}
