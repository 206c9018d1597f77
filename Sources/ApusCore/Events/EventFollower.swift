package import NIOCore

/// Who follows the journal: asks for the next events, is given them, asks again. So nobody is ever given more than it
/// has room for, and what it has not taken yet waits in the journal.
package protocol EventFollower: AnyObject, Sendable {
    /// Where `take` is called.
    var eventLoop: any EventLoop { get }
    /// Whether it wants nothing more; any thread asks.
    var hasLeft: Bool { get }
    func take(_ batch: EventBatch)
}

/// A follower's question: what comes next?
package struct EventRequest: Sendable {
    package let follower: any EventFollower
    package var filter: EventFilter
    package var form: EventForm
    /// The events behind this one; nil for those that are written from now on.
    package var after: EventID?
    /// Events in the answer.
    package var limit: Int
    /// Whether to answer only when there is something, or after a while that nothing was.
    package var waits: Bool
    /// When it was asked.
    var askedAt = NIODeadline.distantPast

    package init(
        _ follower: any EventFollower, _ filter: EventFilter = EventFilter(), form: EventForm, after: EventID?,
        limit: Int = 1000, waits: Bool = true
    ) {
        self.follower = follower
        self.filter = filter
        self.form = form
        self.after = after
        self.limit = limit
        self.waits = waits
    }
}
