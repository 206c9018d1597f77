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
