import ApusCore

/// When to try a delivery again.
struct RetryDelay {
    private static let longest: Int64 = 3600
    /// A service may ask for more than we would wait by ourselves, but not for ever.
    private static let longestAsked: Int64 = 24 * 3600

    /// 5 seconds, and twice as much after each attempt, up to an hour; then up to a quarter more, so that what failed
    /// together does not come together again.
    let seconds: Int64

    /// - Parameters:
    ///   - attempts: earlier ones.
    ///   - jitter: from 0 to 1.
    init(attempts: Int, jitter: Double = .random(in: 0...1)) {
        let plain = min(Self.longest, 5 << Int64(min(max(attempts, 0), 16)))
        seconds = plain + Int64(Double(plain) / 4 * jitter)
    }

    /// What the service asks for, if it says so in a way that can be read.
    func seconds(retryAfter: String?, at now: Timestamp) -> Int64 {
        guard let asked = retryAfter.flatMap({ RetryAfter.seconds($0, at: now) }) else { return seconds }
        return min(max(asked, 1), Self.longestAsked)
    }
}
