package import NIOCore

/// What a lane holds at most, and for how long.
package struct APNsLimits: Sendable {
    /// Notifications that wait to be sent or to be sent again; further ones are refused.
    package var waiting = 2000
    package var connections = 8
    /// Streams that are open at once on a connection, if APNs allows more than that.
    package var streamsPerConnection = 1000
    /// How long a notification stays with the lane, from its submission to its outcome.
    package var stay = TimeAmount.seconds(60)
    /// How long APNs has to answer a request.
    package var answerTime = TimeAmount.seconds(20)
    /// How long it takes at most to connect, TLS and SETTINGS included.
    package var connectTime = TimeAmount.seconds(10)
    /// After how long without a frame an idle connection is pinged.
    package var pingIdle = TimeAmount.seconds(60)
    /// The same for a connection that owes answers.
    package var pingBusy = TimeAmount.seconds(5)
    /// How long a connection has to answer a ping.
    package var pingTime = TimeAmount.seconds(5)
    /// After how long without use a connection beyond the first is closed.
    package var idleTime = TimeAmount.minutes(10)
    /// How long shutting down waits for answers.
    package var drainTime = TimeAmount.seconds(5)
    /// How often deadlines are looked at.
    package var tick = TimeAmount.milliseconds(100)

    package init() {}
}
