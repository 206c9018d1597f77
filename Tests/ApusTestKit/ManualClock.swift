package import ApusCore
package import NIOCore
import Synchronization

/// A clock that stands still until a test moves it.
package final class ManualClock: Clock {
    private let elapsed = Mutex<Int64>(0)
    /// Nanoseconds that the wall clock was set forward.
    private let jumped = Mutex<Int64>(0)
    private let start: Timestamp

    package init(start: Timestamp = Timestamp(milliseconds: 1_800_000_000_000)) {
        self.start = start
    }

    package var now: Timestamp {
        start.adding(milliseconds: (elapsed.withLock { $0 } + jumped.withLock { $0 }) / 1_000_000)
    }

    package var uptime: NIODeadline { .uptimeNanoseconds(UInt64(1_000_000_000_000 + elapsed.withLock { $0 })) }

    package func advance(by amount: TimeAmount) {
        elapsed.withLock { $0 += amount.nanoseconds }
    }

    /// Sets the wall clock, forward or back, while no time passes.
    package func setWallClock(forwardBy amount: TimeAmount) {
        jumped.withLock { $0 += amount.nanoseconds }
    }
}
