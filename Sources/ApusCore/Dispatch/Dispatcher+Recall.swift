/// Taking messages back.
extension Dispatcher {
    /// What became of a message that was taken back.
    package struct Recall: Sendable, Equatable {
        /// Deliveries that ended before the device confirmed them.
        package var cancelled = 0
        /// Devices that had got it, and are told to forget it.
        package var recalled = 0
        /// The message that tells them; nil if there is nobody to tell.
        package var message: MessageID?

        package init() {}
    }

    /// Cancels what is undelivered of a message, and sends a command to the devices that it was handed over to. It does
    /// nothing for one that was taken back before, and never takes back a recall.
    /// - Parameters:
    ///   - timeToLive: for how many seconds a device that is away is to learn of it.
    ///   - act: what the audit is to say of it.
    package func recall(
        _ id: MessageID, timeToLive: Int64, noting act: @escaping @Sendable (Recall) -> AuditAct? = { _ in nil }
    ) async throws -> Recall {
        let now = clock.now
        let (recall, endsEscalation) = try await push(noting: { act($0.0) }) { transaction, send -> (Recall, Bool) in
            guard let record = try transaction.message(id), record.state != .cancelled else { return (Recall(), false) }
            let (cancelled, endsEscalation) = try self.cancel(id, transaction, at: now)
            var recall = try Self.recall(record.message, for: timeToLive, transaction, send)
            recall.cancelled = cancelled
            return (recall, endsEscalation)
        }
        if endsEscalation { metrics.escalationEnds.increment(Escalation.End.cancelled.name) }
        return recall
    }

    private static func recall(
        _ message: Message, for timeToLive: Int64, _ transaction: any StoreTransaction,
        _ send: (PushRequest) throws -> Acceptance
    ) throws -> Recall {
        var recall = Recall()
        // What was posted to an endpoint is between its sender and an application that knows no recalls.
        guard message.content.push == nil, message.content.recalls == nil else { return recall }
        let audience = Audience(.recipients, [message.id.description], tenant: message.tenant)
        var recipients: [Target] = []
        try transaction.resolve(audience, app: message.app, into: &recipients)
        guard !recipients.isEmpty else { return recall }
        let acceptance = try send(
            PushRequest(
                app: message.app, appID: message.appID, audience: audience,
                content: MessageContent(kind: .command, alert: "", recalls: message.id),
                needsConfirmation: message.needsConfirmation, timeToLive: timeToLive))
        recall.recalled = acceptance.deliveries
        recall.message = acceptance.message
        return recall
    }
}
