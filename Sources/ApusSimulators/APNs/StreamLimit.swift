/// What one connection is told about how many streams it may have.
struct StreamLimit {
    /// How many SETTINGS may be unacknowledged before no more are sent.
    private static let mostUnacknowledged = 16

    private var behaviour: APNsBehaviour
    private var position = 0
    private var sent: Int
    private var unacknowledged = 1

    /// For a connection that begins with ``first(_:)``.
    init(_ behaviour: APNsBehaviour) {
        self.behaviour = behaviour
        sent = Self.first(behaviour)
    }

    static func first(_ behaviour: APNsBehaviour) -> Int {
        behaviour.startsWithOneStream ? 1 : behaviour.concurrentStreams.first ?? 0
    }

    mutating func follow(_ behaviour: APNsBehaviour) {
        if behaviour.concurrentStreams != self.behaviour.concurrentStreams { position = 0 }
        self.behaviour = behaviour
    }

    mutating func step() {
        position = (position + 1) % max(behaviour.concurrentStreams.count, 1)
    }

    mutating func acknowledge() {
        unacknowledged -= 1
    }

    /// The limit that the client is to be told now, if any.
    mutating func next(knowsSender: Bool) -> Int? {
        let isFirst = behaviour.startsWithOneStream && !knowsSender
        let limit = isFirst || behaviour.concurrentStreams.isEmpty ? 1 : behaviour.concurrentStreams[position]
        guard limit != sent, unacknowledged < Self.mostUnacknowledged else { return nil }
        sent = limit
        unacknowledged += 1
        return limit
    }
}
