import NIOCore

/// How often requests may be sent: a bucket of tokens without I/O. It holds what is let through in one second, so that
/// the rate is even, whatever the vendor counts by.
struct RequestQuota {
    /// Nanoseconds; 0 if there is no quota.
    private let interval: Int64
    /// How far ahead of an even pace it may be.
    private let tolerance: Int64
    /// When the next request would be due at an even pace.
    private var due: NIODeadline = .uptimeNanoseconds(0)

    /// - Parameter perMinute: nil is without a limit.
    init(perMinute: Int?) {
        guard let perMinute, perMinute > 0 else {
            (interval, tolerance) = (0, 0)
            return
        }
        interval = max(1, 60_000_000_000 / Int64(perMinute))
        tolerance = max(0, 1_000_000_000 - interval)
    }

    /// When the next request may be sent, `now` at the earliest.
    func nextDue(at now: NIODeadline) -> NIODeadline {
        max(now, due - .nanoseconds(tolerance))
    }

    /// A request is sent.
    mutating func take(at now: NIODeadline) {
        due = max(due, now) + .nanoseconds(interval)
    }
}
