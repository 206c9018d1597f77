import ApusCore

/// What one transaction does to counts that are kept, until it is written as a part of it.
///
/// They are those of messages to many; how the deliveries of all others stand is counted when somebody asks.
final class DeliveryTally {
    private let limit: Int
    /// Those whose counts are kept.
    private(set) var messages: Set<MessageID>
    private var changes: [MessageID: DeliveryCounts] = [:]

    /// - Parameters:
    ///   - messages: those whose counts are kept.
    ///   - limit: the most deliveries of a message whose counts need not be kept.
    init(of messages: Set<MessageID> = [], above limit: Int = .max) {
        self.messages = messages
        self.limit = limit
    }

    /// A message got its deliveries, all at once.
    func add(_ message: MessageID, deliveries: Int) {
        guard deliveries > limit else { return }
        messages.insert(message)
        change(message) { $0.count(.unsent, nil, times: deliveries) }
    }

    /// So many deliveries came from a state to another, or to an end; what ended stays as it is.
    func move(
        _ count: Int = 1, of message: MessageID, from earlier: DeliveryState, to state: DeliveryState,
        _ end: DeliveryEnd? = nil
    ) {
        guard messages.contains(message), earlier != state || end != nil else { return }
        change(message) {
            $0.count(earlier, nil, times: -count)
            $0.count(state, end, times: count)
        }
    }

    /// So many deliveries are removed.
    func remove(_ count: Int, of message: MessageID, _ state: DeliveryState, _ end: DeliveryEnd?) {
        change(message) { $0.count(state, end, times: -count) }
    }

    private func change(_ message: MessageID, _ body: (inout DeliveryCounts) -> Void) {
        body(&changes[message, default: DeliveryCounts()])
    }

    /// A message is removed.
    func forget(_ message: MessageID) {
        messages.remove(message)
        changes[message] = nil
    }

    /// By how much counts differ from what is written; they count as written from now on.
    func takeChanges() -> [MessageID: DeliveryCounts] {
        defer { changes = [:] }
        return changes
    }
}
