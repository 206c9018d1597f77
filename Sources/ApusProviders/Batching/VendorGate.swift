import NIOCore

/// Whether requests may be sent with a credential: the quota, how many are under way, and a circuit breaker; a state
/// machine without I/O.
struct VendorGate {
    /// What a vendor does not like.
    enum Trouble: Sendable, Equatable {
        /// It asks to be left alone, for so many seconds if it says so.
        case busy(seconds: Int64?, String)
        /// It does not take the credential. Somebody has to do something about it.
        case credential(String)
        /// It could not be reached, or has a problem of its own.
        case failing(String)
    }

    enum Decision: Sendable, Equatable {
        case send
        /// As much is under way as may be.
        case full
        case wait(until: NIODeadline)
    }

    /// After how many failures in a row the breaker opens.
    private static let failures = 3
    private static let usualPause: Int64 = 30
    private static let longestPause: Int64 = 600
    /// A vendor may ask for more than we would wait by ourselves, but not for ever.
    private static let longestAsked: Int64 = 3600

    private let limit: Int
    private var quota: RequestQuota
    private var underWay = 0
    private var failuresInRow = 0
    /// How often the breaker opened since a request went well.
    private var openings: Int64 = 0
    private var pausedUntil: NIODeadline?
    /// Why it does not send, for people; nil if it does.
    private(set) var problem: String?

    /// - Parameter limit: requests under way.
    init(limit: Int, requestsPerMinute: Int?) {
        self.limit = limit
        quota = RequestQuota(perMinute: requestsPerMinute)
    }

    mutating func admit(at now: NIODeadline) -> Decision {
        if let pausedUntil, now < pausedUntil { return .wait(until: pausedUntil) }
        // Once a pause is over, one request finds out how things are.
        guard underWay < (pausedUntil == nil ? limit : 1) else { return .full }
        let due = quota.nextDue(at: now)
        guard due <= now else { return .wait(until: due) }
        quota.take(at: now)
        underWay += 1
        return .send
    }

    /// When the breaker lets something through again; nil if it is closed.
    func opensAgain(at now: NIODeadline) -> NIODeadline? {
        pausedUntil.flatMap { now < $0 ? $0 : nil }
    }

    /// A request that was admitted was not made after all.
    mutating func abandoned() {
        underWay = max(0, underWay - 1)
    }

    /// A request that was admitted has ended.
    /// - Parameter trouble: nil if all went well.
    mutating func finished(_ trouble: Trouble?, at now: NIODeadline) {
        abandoned()
        guard let trouble else {
            // What was sent before a pause says nothing of how things are now.
            guard opensAgain(at: now) == nil else { return }
            (failuresInRow, openings, pausedUntil, problem) = (0, 0, nil, nil)
            return
        }
        switch trouble {
        case .busy(let seconds, let why):
            pause(min(max(seconds ?? Self.usualPause, 1), Self.longestAsked), why, at: now)
        case .credential(let why):
            open(first: 60, why, at: now)
        case .failing(let why):
            failuresInRow += 1
            if failuresInRow >= Self.failures { open(first: 5, why, at: now) }
        }
    }

    private mutating func open(first seconds: Int64, _ why: String, at now: NIODeadline) {
        guard opensAgain(at: now) == nil else { return }
        pause(min(seconds << min(openings, 10), Self.longestPause), why, at: now)
        openings += 1
    }

    private mutating func pause(_ seconds: Int64, _ why: String, at now: NIODeadline) {
        pausedUntil = max(pausedUntil ?? now, now + .seconds(seconds))
        problem = why
    }
}
