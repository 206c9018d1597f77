package import NIOCore

/// How a follower reads events.
package enum EventForm: Hashable, Sendable {
    /// Server-sent events, each with its id (HTML Living Standard §9.2).
    case serverSent
    /// The elements of a JSON array.
    case json
}

/// The next events for one follower.
package struct EventBatch: Sendable {
    /// In the form that was asked for.
    package let text: ByteBuffer
    package let count: Int
    /// What to go on from: everything up to it that the follower wants has been given to it.
    package let last: EventID
    /// What it missed before these events.
    package let gap: EventGap?
    /// When the first of them happened; nil if there is none.
    package let oldest: Timestamp?

    init(text: ByteBuffer = ByteBuffer(), count: Int = 0, last: EventID, gap: EventGap?, oldest: Timestamp? = nil) {
        self.text = text
        self.count = count
        self.last = last
        self.gap = gap
        self.oldest = oldest
    }

    /// Whether there is nothing to tell.
    package var isEmpty: Bool { count == 0 && gap == nil }
}

/// Events that somebody did not get and never will: the journal does not have them any more, or never did.
package struct EventGap: Hashable, Sendable {
    package enum Reason: String, Sendable {
        /// They are older than what the journal keeps.
        case retention
        /// The number was not given out by this journal, which is restored from a backup or another one.
        case unknown
    }

    package let from: EventID
    /// Below `from` if nothing can be said of what was missed.
    package let to: EventID
    package let reason: Reason

    package init(from: EventID, to: EventID, reason: Reason) {
        self.from = from
        self.to = to
        self.reason = reason
    }

    package func write(to object: inout JSONObjectWriter) {
        object.member("from", string: from.description)
        object.member("to", string: to.description)
        object.member("reason", string: reason.rawValue)
    }
}
