import CoreMetrics
import Synchronization

/// What becomes of escalations in a commit.
extension Dispatcher {
    /// Whether the message needs confirmation, by what it brings and what its app wants.
    func mustBeConfirmed(_ push: PushRequest) -> Bool {
        if push.needsConfirmation || push.escalation?.isEmpty == false { return true }
        let policy = policies[push.app]
        return policy.needsConfirmation && policy.applies(to: push)
    }

    /// Begins the escalation of a new message, if it brings one or its app wants one.
    func beginEscalation(of message: Message, _ push: PushRequest, _ transaction: any StoreTransaction) throws {
        guard push.needsConfirmation || push.content.smsMessage != nil,
            let plan = policies[push.app].plan(for: push, usualSMSAfter: policies.smsAfter)
        else { return }
        try transaction.insert(Escalation(plan, of: message))
        // It is set before the commit: a look too many does no harm.
        if plan.stopsAtFirst { hasFamilies.store(true, ordering: .relaxed) }
    }

    /// Counts what happened to a delivery, and ends the escalation of which it is the first confirmation.
    func follow(
        _ change: DeliveryChange, _ transaction: any StoreTransaction, _ outcome: inout CommitOutcome
    ) throws {
        outcome.events.add(change)
        guard hasFamilies.load(ordering: .relaxed), let time = change.confirmedAt,
            let escalation = try transaction.family(of: change.message)
        else { return }
        try transaction.end(escalation, .confirmed(change.device), at: time)
        outcome.endedEscalations += 1
    }

    /// Takes back what is undelivered of a message, and ends its escalation with everything that this made.
    /// - Returns: how many deliveries were cancelled, and whether an escalation ended.
    func cancel(
        _ message: MessageID, _ transaction: any StoreTransaction, at now: Timestamp
    ) throws -> (count: Int, endsEscalation: Bool) {
        let count = try transaction.cancel(message, at: now)
        guard let escalation = try transaction.escalation(of: message) else { return (count, false) }
        try transaction.cancelNotices(of: escalation.message)
        return (count + (try transaction.end(escalation, .cancelled, at: now)), escalation.end == nil)
    }

    /// Makes a policy the app's from now on.
    /// - Parameter act: what the audit says of it.
    package func setPolicy(_ policy: RoutePolicy, of app: AppNumber, noting act: AuditAct? = nil) async throws {
        try await update(committed: { [policies] _ in policies[app] = policy }, noting: { _ in act }) {
            try $0.setPolicy(policy, of: app)
        }
    }
}

extension DeliveryChange {
    /// When the device confirmed that it has the message, if that is what happened.
    fileprivate var confirmedAt: Timestamp? { receivedAt ?? readAt ?? acknowledgedAt }
}
