import Synchronization

/// What becomes of a request in a commit.
extension Dispatcher {
    func accept(
        _ request: AcceptOperation.Request, _ transaction: any StoreTransaction, _ outcome: inout CommitOutcome
    ) throws -> CommitOutcome.Accepted {
        let now = clock.now
        switch request {
        case .push(var push):
            if let earlier = try repeated(push, transaction, now) { return .repeated(earlier) }
            if let time = push.sendAt, time <= now { push.sendAt = nil }
            if let registration = push.newDevice {
                // Who only names a token may have had it for years: if its vendor says since when it is dead, that
                // counts.
                let device = try transaction.deviceOrNew(
                    registration, newID: RandomToken.hex128(), at: Timestamp(milliseconds: 0))
                push.audience = Audience(.device, [device.id])
            }
            let start = outcome.targets.count
            if push.sendAt == nil {
                try transaction.resolve(push.audience, app: push.app, into: &outcome.targets)
            }
            return try insert(push, targetsFrom: start, transaction, &outcome, now)
        case .post(let post):
            let endpoint = try transaction.endpoint(post.endpoint)
            let push: PushRequest
            do throws(ApusError) {
                push = try post.request(to: endpoint, at: now)
            } catch {
                return .refused(error)
            }
            let start = outcome.targets.count
            if let endpoint { outcome.targets.append(endpoint.target) }
            return try insert(push, targetsFrom: start, transaction, &outcome, now)
        case .due(let record):
            return try release(record, transaction, &outcome, now)
        }
    }

    /// Runs an operation that makes messages.
    func push(
        _ operation: PushingOperation, _ transaction: any StoreTransaction, _ outcome: inout CommitOutcome
    ) throws {
        var made: [CommitOutcome.Made] = []
        try operation.run(transaction) { request in
            let accepted = try accept(request, transaction, &outcome)
            if case .new(let message, let targets) = accepted {
                let isNew = if case .due = request { false } else { true }
                made.append((message, targets, isNew))
            }
            return try accepted.answer.get()
        }
        outcome.made.append(made)
    }

    /// The message that an earlier request with the same key became.
    private func repeated(
        _ push: PushRequest, _ transaction: any StoreTransaction, _ now: Timestamp
    ) throws -> MessageID? {
        guard let key = push.idempotencyKey else { return nil }
        return try transaction.message(
            withIdempotencyKey: key, app: push.app, tenant: push.audience.tenant,
            after: now.adding(seconds: -limits.idempotencySeconds))
    }

    private func insert(
        _ push: PushRequest, targetsFrom start: Int, _ transaction: any StoreTransaction,
        _ outcome: inout CommitOutcome, _ now: Timestamp
    ) throws -> CommitOutcome.Accepted {
        let providers = providers(serving: push.app, &outcome)
        for route in chooseLanes(among: providers, &outcome.targets[start...]) {
            outcome.filledOutboxes[route, default: []].insert(push.app)
        }
        var push = push
        push.needsConfirmation = mustBeConfirmed(push)
        let message = Message(push, id: identifiers.withLock { $0.next(at: now) }, at: now)
        try transaction.insert(message, request: push, targets: outcome.targets[start...])
        try transaction.replaceUndelivered(by: message, for: outcome.targets[start...], at: now)
        try beginEscalation(of: message, push, transaction)
        if audit?.countsSends == true {
            outcome.sends.append(
                CommitOutcome.Sent(
                    message: message.id, deliveries: outcome.targets.count - start, origin: push.origin,
                    appID: push.appID))
        }
        return .new(message, start..<outcome.targets.count)
    }
}
