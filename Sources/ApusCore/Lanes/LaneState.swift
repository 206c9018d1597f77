package import NIOCore

/// How far a lane has read an app's part of its outbox: a state machine without I/O.
///
/// A cursor goes through the outbox in the order of messages. What the provider does not take stays there, and the
/// cursor before it. From time to time the lane begins anew, as deliveries may come in behind the cursor; what is under
/// way is passed over then.
package struct LaneState {
    package enum Step: Equatable {
        case read(after: DeliveryKey, limit: Int)
        case wait
    }

    private let limit: Int
    private let page: Int
    private var cursor = DeliveryKey.zero
    private var underWay: Set<DeliveryKey> = []
    /// Settled since the page that is being read was asked for, which may still have them.
    private var settledMeanwhile: Set<DeliveryKey> = []
    private var isReading = false
    /// There may be something behind the cursor.
    private var hasMore = true
    /// The provider took no more.
    private var isHeldUp = false
    /// Whether somebody will call `tryAgain`.
    private var willTryAgain = false
    /// Something behind the cursor was left out, or is to be tried again.
    private var mustBeginAnew = false
    private var pausedUntil: NIODeadline?
    /// When the first of what is to be tried again later is due.
    private var nextDue: NIODeadline?

    /// - Parameters:
    ///   - limit: deliveries that may be under way.
    ///   - page: how many are read at once.
    package init(limit: Int, page: Int = 256) {
        self.limit = limit
        self.page = page
    }

    package var underWayCount: Int { underWay.count }

    /// What to do now. After `.read`, `take` has to follow.
    package mutating func next(at now: NIODeadline) -> Step {
        if let pausedUntil, now < pausedUntil { return .wait }
        pausedUntil = nil
        guard !isReading, hasMore, !isHeldUp, underWay.count < limit else { return .wait }
        isReading = true
        hasMore = false
        return .read(after: cursor, limit: min(page, limit - underWay.count))
    }

    /// Something was put into the outbox.
    package mutating func added() {
        hasMore = true
    }

    /// Begin from the start, for what may have been left behind.
    package mutating func beginAnew() {
        guard !isReading else {
            mustBeginAnew = true
            return
        }
        cursor = .zero
        hasMore = true
        isHeldUp = false
    }

    /// Whether to submit a delivery of the page that was read.
    package mutating func shouldSubmit(_ key: DeliveryKey) -> Bool {
        !settledMeanwhile.contains(key) && underWay.insert(key).inserted
    }

    /// The provider did not take a delivery of the page; the rest of the page is to be dropped.
    /// - Returns: whether to try again after a while, as that is not due yet. What is under way may take long to tell that
    ///   there is room, and there may be room for others before.
    package mutating func refused(_ key: DeliveryKey) -> Bool {
        underWay.remove(key)
        isHeldUp = true
        hasMore = true
        isReading = false
        settledMeanwhile = []
        defer { willTryAgain = true }
        return !willTryAgain
    }

    /// The provider may take more by now.
    package mutating func tryAgain() {
        willTryAgain = false
        isHeldUp = false
    }

    /// A delivery of the page is under way.
    package mutating func passed(_ key: DeliveryKey) {
        cursor = max(cursor, key)
    }

    /// The page has been dealt with.
    /// - Parameter isLast: whether the outbox had no more.
    package mutating func finishPage(isLast: Bool) {
        isReading = false
        settledMeanwhile = []
        if !isLast { hasMore = true }
        if mustBeginAnew {
            mustBeginAnew = false
            beginAnew()
        }
    }

    /// A delivery is settled on disk.
    package mutating func settled(_ key: DeliveryKey) {
        underWay.remove(key)
        if isReading { settledMeanwhile.insert(key) }
        isHeldUp = false
    }

    /// A delivery is to be tried again later, and that is on disk.
    /// - Returns: whether `becameDue` is to be called then.
    package mutating func settled(_ key: DeliveryKey, dueAgain deadline: NIODeadline) -> Bool {
        settled(key)
        guard nextDue.map({ deadline < $0 }) ?? true else { return false }
        nextDue = deadline
        return true
    }

    package mutating func becameDue() {
        nextDue = nil
        beginAnew()
    }

    /// A delivery was put off: it stays in the outbox, and nothing is sent for a while.
    package mutating func putOff(_ key: DeliveryKey, until deadline: NIODeadline) {
        underWay.remove(key)
        isHeldUp = false
        pausedUntil = deadline
        beginAnew()
    }
}
