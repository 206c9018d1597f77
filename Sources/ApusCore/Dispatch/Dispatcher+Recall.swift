import NIOCore

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
        // Whom it was written to a moment ago has got it, whether or not that was recorded.
        for shard in shards { try? await shard.eventLoop.submit { shard.recordSent() }.get() }
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
        guard message.canBeRecalled else { return recall }
        let audience = Audience(.recipients, [message.id.description], tenant: message.tenant)
        var recipients: [Target] = []
        try transaction.resolve(audience, app: message.app, into: &recipients)
        guard !recipients.isEmpty else { return recall }
        let acceptance = try send(message.recall(for: audience, timeToLive))
        recall.recalled = acceptance.deliveries
        recall.message = acceptance.message
        return recall
    }

    // MARK: What was under way

    /// A message was handed to devices or their vendors that may have been taken back meanwhile: it had been read from the
    /// store before.
    func noteMissed(
        _ message: MessageID, to devices: some Sequence<DeviceNumber>, _ transaction: any StoreTransaction,
        _ outcome: inout CommitOutcome
    ) throws {
        guard let record = try transaction.message(message), record.state == .cancelled, record.message.canBeRecalled
        else { return }
        for device in devices {
            guard let missed = try transaction.delivery(of: message, to: device), missed.delivery.state == .unsent
            else { continue }
            outcome.missed[message, default: []].append(missed.deviceID)
        }
    }

    /// Tells them after all, for as long as the message itself could arrive.
    func recallMissed(_ transaction: any StoreTransaction, _ outcome: inout CommitOutcome) throws {
        for (id, devices) in outcome.missed {
            guard let message = try transaction.message(id)?.message else { continue }
            let audience = Audience(.device, devices, tenant: message.tenant)
            let seconds = (message.expiresAt.milliseconds - clock.now.milliseconds) / 1000
            let accepted = try accept(.push(message.recall(for: audience, max(seconds, 0))), transaction, &outcome)
            if case .new(let message, let targets) = accepted { outcome.recalls.append((message, targets, true)) }
        }
    }
}

extension Message {
    /// What was posted to an endpoint is between its sender and an application that knows no recalls.
    fileprivate var canBeRecalled: Bool { content.push == nil && content.recalls == nil }

    /// The message that takes this one back.
    fileprivate func recall(for audience: Audience, _ timeToLive: Int64) -> PushRequest {
        PushRequest(
            app: app, appID: appID, audience: audience,
            content: MessageContent(kind: .command, alert: "", recalls: id),
            needsConfirmation: needsConfirmation, timeToLive: timeToLive)
    }
}
