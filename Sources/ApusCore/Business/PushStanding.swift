/// How a push stands on the devices of one platform, where no vendor's job says it.
package struct PushStanding: Sendable, Equatable {
    private var counts = DeliveryCounts()
    /// Whether more may become of it.
    package private(set) var isOpen = false

    package init() {}

    package mutating func add(_ state: DeliveryState, _ end: DeliveryEnd?, times: Int = 1, isOpen: Bool) {
        counts.count(state, end, times: times)
        if isOpen { self.isOpen = true }
    }

    /// In one line, as in `1 sent, 2 received`.
    package var text: String {
        let parts = [
            (counts.unsent, "unsent"), (counts.sent, "sent"), (counts.received, "received"), (counts.read, "read"),
            (counts.expired, "expired"), (counts.failed, "failed"), (counts.cancelled, "cancelled"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return parts.isEmpty ? "no device" : parts.joined(separator: ", ")
    }

    /// Umeng's words, which the seed's programs compare with; nil while it is not known.
    package var result: String? {
        if counts.sent + counts.received + counts.read > 0 { return "SUCCESS" }
        return counts.total > 0 && counts.unsent == 0 ? "FAIL" : nil
    }
}

/// How a push stands of which something may have become.
package struct OpenPush: Sendable, Equatable {
    package let message: MessageID
    /// The id of the row of `sys_push_messages`.
    package let push: Int64
    /// By the devices' platform; nil if the message is not kept any more.
    package let standings: [Platform: PushStanding]?
    /// Whether a vendor's job is not done.
    package let hasOpenTasks: Bool

    package init(message: MessageID, push: Int64, standings: [Platform: PushStanding]?, hasOpenTasks: Bool) {
        self.message = message
        self.push = push
        self.standings = standings
        self.hasOpenTasks = hasOpenTasks
    }

    /// Whether nothing more will become of it.
    package var isOver: Bool {
        guard let standings else { return true }
        return !hasOpenTasks && !standings.values.contains(where: \.isOpen)
    }
}
