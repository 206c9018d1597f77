package import NIOCore

/// How sessions behave. Times are the same for every device.
package struct SessionSettings: Sendable {
    /// How many unconfirmed messages a device may have; further ones wait in the store.
    package var window = 128
    /// How many deliveries are read from the store at once when a device catches up.
    package var pageSize = 64
    /// After how long without a confirmation a message is sent again the first time. It doubles with each attempt …
    package var resendAfter: TimeAmount = .seconds(10)
    /// … up to this.
    package var longestResend: TimeAmount = .seconds(300)
    /// After how long without a sign of life a device is asked for one.
    package var pingAfter: TimeAmount = .seconds(60)
    /// How long it may then take to answer before its connection is closed.
    package var pingTimeout: TimeAmount = .seconds(30)
    /// How long a confirmation is awaited before `sent` is written on its own. It saves a write for devices that
    /// confirm at once.
    package var sentDelay: TimeAmount = .milliseconds(200)

    /// How many devices in a second may come back after a stop.
    package var reconnectsPerSecond = 1000

    package init() {}

    package func resendDelay(attempt: Int) -> TimeAmount {
        var delay = resendAfter
        for _ in 1..<max(attempt, 2) where attempt > 1 && delay < longestResend { delay = delay * 2 }
        return min(delay, longestResend)
    }
}
