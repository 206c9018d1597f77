import ApusCore

/// So many requests in a time that begins with the first of them.
struct RequestWindow: Sendable {
    let limit: Int
    /// Milliseconds.
    let length: Int64
    private var start: Timestamp?
    private var used = 0

    init(limit: Int, seconds: Int64) {
        self.limit = limit
        length = seconds * 1000
    }

    var remaining: Int { max(0, limit - used) }

    /// - Returns: false if it is used up.
    mutating func take(at now: Timestamp) -> Bool {
        if secondsLeft(at: now) == 0 {
            start = now
            used = 0
        }
        guard used < limit else { return false }
        used += 1
        return true
    }

    /// Seconds until there are new ones, rounded up.
    func secondsLeft(at now: Timestamp) -> Int64 {
        guard let start else { return 0 }
        return max(0, (start.milliseconds + length - now.milliseconds + 999) / 1000)
    }
}
