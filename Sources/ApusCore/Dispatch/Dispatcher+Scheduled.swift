/// Messages that are sent at a chosen time.
extension Dispatcher {
    /// Messages that one commit sends.
    private static let releasedAtOnce = 100

    /// Sends scheduled messages whose time has come.
    /// - Returns: whether there may be more.
    package func release() async throws -> Bool {
        let (now, most) = (clock.now, limits.largestFanOut)
        guard try await query({ try !$0.dueMessages(at: now, limit: 1).isEmpty }) else { return false }
        return try await pushing { transaction, send in
            let due = try transaction.dueMessages(at: now, limit: Self.releasedAtOnce)
            var deliveries = 0
            for (index, record) in due.enumerated() {
                guard deliveries < most else { return index < due.count }
                deliveries += try send(.due(record)).deliveries
            }
            return due.count == Self.releasedAtOnce
        }
    }

    func release(
        _ record: MessageRecord, _ transaction: any StoreTransaction, _ outcome: inout CommitOutcome, _ now: Timestamp
    ) throws -> CommitOutcome.Accepted {
        let message = record.message
        let start = outcome.targets.count
        try transaction.resolve(record.audience, app: message.app, into: &outcome.targets)
        // Its id is older than what vendors have been given since.
        let providers = providers(serving: message.app, &outcome)
        for route in chooseLanes(among: providers, &outcome.targets[start...]) {
            outcome.refilledOutboxes[route, default: []].insert(message.app)
        }
        try transaction.release(message, to: outcome.targets[start...])
        try transaction.replaceUndelivered(by: message, for: outcome.targets[start...], at: now)
        return .new(message, start..<outcome.targets.count)
    }
}
