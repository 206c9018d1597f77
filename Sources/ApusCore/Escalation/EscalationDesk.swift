/// Takes the steps of escalations when they are due. To be called from time to time.
///
/// A step is taken in one commit with what it makes: the message to the next persons, the notices, what vendors get. A
/// crash leaves it either due or taken. SMS and e-mail leave the house by the notice desk, which marks what may be
/// repeated.
package final class EscalationDesk: Sendable {
    private let dispatcher: Dispatcher
    private let centre: MessageCentre

    /// Escalations that one commit looks at.
    private static let batch = 100
    /// People and deliveries after which a commit ends.
    private static let largestCommit = 5000

    package init(dispatcher: Dispatcher, centre: MessageCentre) {
        self.dispatcher = dispatcher
        self.centre = centre
    }

    /// One commit.
    /// - Returns: whether there is more to do at once.
    package func step() async throws -> Bool {
        let now = dispatcher.clock.now
        // Most looks find nothing, and a look that only reads holds nobody up.
        guard try await !dispatcher.query({ try $0.dueEscalations(at: now, limit: 1) }).isEmpty else { return false }
        let providers = dispatcher.lanes.map(\.provider)
        let (effects, hasMore) = try await dispatcher.push { [centre] transaction, send in
            var action = EscalationAction(serves: centre.serves, providers: providers, now: now)
            let due = try transaction.dueEscalations(at: now, limit: Self.batch)
            for escalation in due where action.effects.size < Self.largestCommit {
                try action.run(escalation, transaction, send)
            }
            return (action.effects, !due.isEmpty)
        }
        for lane in dispatcher.lanes {
            for app in effects.outboxes[lane.provider.route] ?? [] { lane.beginAnew(app) }
        }
        if effects.hasNotices { centre.wake() }
        dispatcher.metrics.count(effects)
        return hasMore
    }
}
