package import NIOCore

/// How the simulator treats its clients. Everything can be changed while it runs.
///
/// A share is a fraction of all requests and is met exactly: with 0.25 it is every fourth request.
package struct APNsBehaviour: Sendable, Equatable {
    // MARK: Limits

    /// `SETTINGS_MAX_CONCURRENT_STREAMS`. If there are several values, each connection steps through them, over and over.
    package var concurrentStreams = [1000]
    package var concurrentStreamsInterval = TimeAmount.milliseconds(100)
    /// Whether a connection has one stream until a valid provider token has come, as Apple describes it.
    package var startsWithOneStream = false
    /// `SETTINGS_INITIAL_WINDOW_SIZE` in bytes, for connections that are made from now on.
    package var streamWindow = 65_535
    /// Bytes that a connection may have on their way to us, over all streams. HTTP/2 does not allow less than 65,535.
    package var connectionWindow = 65_535
    /// How late the connection's window is opened again, as over a long line.
    package var windowUpdateDelay = TimeAmount.zero

    // MARK: Answers

    /// Time from the end of a request to its answer.
    package var latency = TimeAmount.zero
    /// A random time up to this is added.
    package var latencyJitter = TimeAmount.zero
    /// The first rule that fits a token counts.
    package var tokenRules: [APNsTokenRule] = []
    /// Whether the JSON of a refusal comes in many small DATA frames.
    package var fragmentsErrors = false
    /// Whether a connection on which a provider token has expired refuses newer ones too.
    package var expiryWedgesConnection = true

    // MARK: Faults

    /// The share of requests that are refused with `REFUSED_STREAM`, unread.
    package var refusedShare = 0.0
    /// The share of requests that are neither accepted nor answered.
    package var droppedShare = 0.0
    /// The share of requests that are accepted, but whose answer never comes.
    package var unansweredShare = 0.0
    /// After how many requests a connection is told to go away; 0 is never. The last of them is the last that counts.
    package var goAwayEvery = 0
    /// How many further requests are taken before GOAWAY is sent, only to be left unprocessed. If they do not come, it is
    /// sent after a moment.
    package var goAwayUnprocessed = 0
    /// The reason in the debug data of GOAWAY.
    package var goAwayReason: APNsRefusal?
    /// After how many requests a connection is reset; 0 is never. The last of them is accepted but not answered.
    package var resetEvery = 0

    package init() {}
}

/// What to do with the notifications for some tokens.
package struct APNsTokenRule: Sendable, Equatable {
    /// What the token begins with.
    package var prefix: String
    /// nil accepts, perhaps late.
    package var reason: APNsRefusal?
    /// How many notifications that the rule fits are accepted before it takes effect.
    package var after: Int
    /// Comes on top of the latency.
    package var delay: TimeAmount
    /// Milliseconds since the epoch, for the reasons of status 410; nil is the time of the answer.
    package var timestamp: Int64?
    /// Seconds, for a `Retry-After` header.
    package var retryAfter: Int?

    package init(
        prefix: String, reason: APNsRefusal?, after: Int = 0, delay: TimeAmount = .zero, timestamp: Int64? = nil,
        retryAfter: Int? = nil
    ) {
        self.prefix = prefix
        self.reason = reason
        self.after = after
        self.delay = delay
        self.timestamp = timestamp
        self.retryAfter = retryAfter
    }
}
