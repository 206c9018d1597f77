/// How long to wait before the next attempt: ever longer, and never the same for all clients, so that they do not all
/// come back at one moment after a server was away.
struct RetryDelay {
    private let range: ClosedRange<Duration>
    private var longest: Duration

    init(_ range: ClosedRange<Duration>) {
        self.range = range
        longest = range.lowerBound
    }

    /// Between the range's lower bound and a limit that doubles with each call, up to its upper bound.
    mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        longest = min(longest * 2, range.upperBound)
        return range.lowerBound + (longest - range.lowerBound) * Double.random(in: 0...1, using: &generator)
    }

    mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    /// An attempt has succeeded: the next delay is short again.
    mutating func reset() {
        longest = range.lowerBound
    }
}
