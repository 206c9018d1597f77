/// When a team's provider token was issued, and when the next one may be. Times are in seconds since the epoch.
///
/// APNs refuses tokens older than 60 minutes, and teams that come with new ones more often than every 20. So time is
/// divided into slots of 45 minutes, and the token of a slot says that it was issued at the slot's start. Several nodes
/// and restarts then all say the same.
struct ProviderTokenSchedule {
    enum Renewal: Equatable {
        /// There is another token than the one that was refused.
        case renewed
        /// There must not be another one before this time.
        case wait(until: Int64)
    }

    static let slot: Int64 = 45 * 60
    static let shortestLife: Int64 = 20 * 60
    private static let longestLife: Int64 = 55 * 60

    /// Where slots begin. It moves only if APNs takes a token for expired early, because clocks differ.
    private var phase: Int64 = 0
    private var current: Int64?
    private var previous: Int64?
    private var noneBefore = Int64.min

    /// The time that the token to use now says it was issued at.
    mutating func issueTime(at now: Int64) -> Int64 {
        let slotStart = now - (now - phase) % Self.slot
        guard let current else {
            self.current = slotStart
            return slotStart
        }
        // The second is a clock that was far ahead and has been set right.
        guard slotStart > current || current > now + Self.slot, now >= noneBefore else { return current }
        previous = current
        self.current = slotStart
        return slotStart
    }

    /// APNs answered ExpiredProviderToken.
    /// - Parameter issueTime: of the token that it refused.
    mutating func expired(_ issueTime: Int64, at now: Int64) -> Renewal {
        guard issueTime == current else { return .renewed }
        let earliest = max(issueTime + Self.shortestLife, noneBefore)
        guard now >= earliest else { return .wait(until: earliest) }
        phase = now % Self.slot
        previous = current
        current = now
        return .renewed
    }

    /// APNs answered TooManyProviderTokenUpdates: the token before is used again if it is young enough, and there will be
    /// no new one for a while.
    mutating func tooManyUpdates(at now: Int64) {
        noneBefore = now + Self.shortestLife
        guard let previous, now - previous < Self.longestLife else { return }
        current = previous
        self.previous = nil
    }
}
