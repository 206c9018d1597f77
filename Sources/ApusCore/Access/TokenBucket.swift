package import NIOCore

/// Lets so many through a second, and up to its capacity at once after a quiet time.
package struct TokenBucket: Sendable {
    private let perSecond: Double
    private let capacity: Double
    private var tokens: Double
    private var updated: NIODeadline

    package init(perSecond: Double, capacity: Double, now: NIODeadline) {
        self.perSecond = perSecond
        self.capacity = capacity
        tokens = capacity
        updated = now
    }

    init(_ messagesPerSecond: Int, now: NIODeadline) {
        self.init(perSecond: Double(messagesPerSecond), capacity: Double(messagesPerSecond), now: now)
    }

    /// - Returns: nil if `count` may pass, otherwise how long to wait.
    package mutating func take(_ count: Int, now: NIODeadline) -> TimeAmount? {
        tokens = content(now)
        updated = now
        if let wait = delay(count, now: now) { return wait }
        tokens -= Double(count)
        return nil
    }

    /// - Returns: nil if `count` might pass, otherwise how long to wait.
    func delay(_ count: Int, now: NIODeadline) -> TimeAmount? {
        // A batch larger than the bucket passes when that is full, and leaves a debt.
        let missing = min(Double(count), capacity) - content(now)
        return missing > 0 ? .nanoseconds(Int64(missing / perSecond * 1e9) + 1) : nil
    }

    /// What was taken did not have to be.
    mutating func giveBack(_ count: Int) {
        tokens = min(capacity, tokens + Double(count))
    }

    private func content(_ now: NIODeadline) -> Double {
        min(capacity, tokens + Double((now - updated).nanoseconds) / 1e9 * perSecond)
    }
}
