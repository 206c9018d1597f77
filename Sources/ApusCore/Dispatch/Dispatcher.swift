import CoreMetrics
import Dispatch
package import Logging
package import NIOCore
import Synchronization

/// The one way through the house: accepts requests, has them committed, and hands deliveries to whom can deliver them.
///
/// Two threads of its own serve it: one writes to the store in groups, one reads from it. Outcomes go to event loops one
/// hop per loop and batch.
package final class Dispatcher: SessionBackend {
    package let clock: any Clock
    package let settings: SessionSettings
    package let metrics: DeliveryMetrics
    package let directory = SessionDirectory()
    let store: any MessageStore
    let logger: Logger
    let audit: AuditBook?
    let limits: DispatchLimits
    package let lanes: [ProviderLane]
    package let policies: RoutePolicies
    /// Whether the first confirmation of some message may stop others. It stays set until the server stops.
    let hasFamilies: Atomic<Bool>
    private let events: EventHub?
    private let bus: (any ClusterBus)?
    private let node: NodeNumber
    let identifiers: Mutex<MessageIDGenerator>
    private let queuedAccepts = Atomic<Int>(0)
    private let mostQueuedAccepts: Atomic<Int>
    private let isStopping = Atomic<Bool>(false)
    private let refusedAt = Mutex<NIODeadline?>(nil)
    // SAFETY: the four are assigned once, at the end of init, before `self` is seen by anyone else.
    nonisolated(unsafe) var commits: BatchQueue<CommitOperation>!
    private nonisolated(unsafe) var reads: BatchQueue<ReadOperation>!
    private nonisolated(unsafe) var queries: BatchQueue<ReadOperation>!  // no administrator holds up a device
    package private(set) nonisolated(unsafe) var shards: [SessionShard] = []

    /// - Parameters:
    ///   - eventLoops: where sessions live, a shard each.
    ///   - smsAfter: seconds after which a `smsMessage` goes out as SMS if its app has no policy; 0 for never.
    ///   - events: who is told that something is new in the journal.
    package init(
        store: any MessageStore, eventLoops: [any EventLoop], clock: any Clock, settings: SessionSettings = .init(),
        limits: DispatchLimits = .init(), metrics: DeliveryMetrics, lanes: [ProviderLane] = [],
        smsAfter: Int64 = 0, events: EventHub? = nil, bus: (any ClusterBus)? = nil, node: NodeNumber = NodeNumber(0),
        audit: AuditBook? = nil, logger: Logger
    ) throws {
        self.store = store
        self.clock = clock
        self.settings = settings
        self.limits = limits
        mostQueuedAccepts = Atomic(limits.queuedAccepts)
        self.metrics = metrics
        self.lanes = lanes
        self.events = events
        self.bus = bus
        self.node = node
        self.audit = audit
        self.logger = logger
        let (last, routePolicies, familiesLeft) = try store.read {
            (try $0.lastMessage(), try $0.routePolicies(), try $0.hasFamilies())
        }
        policies = RoutePolicies(routePolicies, smsAfter: smsAfter)
        hasFamilies = Atomic(familiesLeft)
        identifiers = Mutex(MessageIDGenerator(node: node, last: last))
        commits = BatchQueue(label: "apus.commit", largestBatch: limits.largestCommit) { [unowned self] in commit($0) }
        reads = BatchQueue(label: "apus.read", largestBatch: 256) { [unowned self] in read($0) }
        queries = BatchQueue(label: "apus.query", largestBatch: 16) { [unowned self] in read($0) }
        shards = eventLoops.enumerated().map { SessionShard(index: $0, eventLoop: $1, backend: self) }
        for lane in lanes { lane.dispatcher = self }
    }

    package func start() {
        for shard in shards { shard.start() }
    }

    /// Requests that wait for their commit.
    package var queueDepth: Int { queuedAccepts.load(ordering: .relaxed) }

    /// Everything that waits for a commit: requests, receipts, changes.
    package var commitQueueDepth: Int { commits.count }

    /// How long what has waited longest for its commit, or for the end of it, has done so.
    package var longestCommitWait: Duration { commits.longestWait }

    /// From now on so many requests may wait for their commit.
    package func limit(queuedAccepts most: Int) {
        mostQueuedAccepts.store(most, ordering: .relaxed)
    }

    package var stopping: Bool { isStopping.load(ordering: .relaxed) }

    /// Whether a message could not be stored lately, and none could since.
    package var isStoreFailing: Bool {
        refusedAt.withLock { $0.map { clock.uptime < $0 + limits.failingFor } ?? false }
    }

    // MARK: Accepting

    /// Accepts a request; `receiver` is told once it is on disk. Never blocks.
    /// - Throws: `ApusError.overloaded` or `.stopping`; the receiver then hears nothing.
    package func submit(_ operation: AcceptOperation) throws(ApusError) {
        guard !isStopping.load(ordering: .relaxed) else { throw .stopping }
        guard queuedAccepts.add(1, ordering: .relaxed).newValue <= mostQueuedAccepts.load(ordering: .relaxed) else {
            queuedAccepts.subtract(1, ordering: .relaxed)
            metrics.refused.increment()
            throw .overloaded
        }
        commits.enqueue(.accept(operation))
    }

    /// Accepts a request and returns once it is on disk.
    package func send(_ request: PushRequest) async throws -> Acceptance {
        try await submit { AcceptOperation(request, receiver: $0, token: 0) }
    }

    /// The same, for a post to an endpoint.
    package func post(_ post: EndpointPost) async throws -> Acceptance {
        try await submit { AcceptOperation(post, receiver: $0, token: 0) }
    }

    private func submit(_ operation: (any AcceptanceReceiver) -> AcceptOperation) async throws -> Acceptance {
        try await withCheckedThrowingContinuation { continuation in
            do throws(ApusError) {
                try submit(operation(ContinuationReceiver(continuation)))
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    // MARK: The store for everyone else

    /// Reads from a consistent view of the store, off the event loops.
    package func query<Value: Sendable>(
        _ body: @escaping @Sendable (any StoreSnapshot) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            query(body) { continuation.resume(with: $0) }
        }
    }

    /// Reads from a consistent view of the store; `completion` is called on the reading thread.
    package func query<Value: Sendable>(
        _ body: @escaping @Sendable (any StoreSnapshot) throws -> Value,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        queries.enqueue(.query { snapshot in completion(snapshot.flatMap { view in Result { try body(view) } }) })
    }

    /// Finds a device that connects; `completion` is called on the reading thread.
    package func identify(_ deviceID: String, completion: @escaping @Sendable (Result<Device?, any Error>) -> Void) {
        reads.enqueue(
            .query { snapshot in completion(snapshot.flatMap { view in Result { try view.device(id: deviceID) } }) })
    }

    /// Finds an account that logs in; `completion` is called on the reading thread.
    package func account(
        named name: String, completion: @escaping @Sendable (Result<Account?, any Error>) -> Void
    ) {
        reads.enqueue(
            .query { snapshot in completion(snapshot.flatMap { view in Result { try view.account(named: name) } }) })
    }

    // MARK: Sessions

    package var isCongested: Bool { commits.count > limits.queuedReceipts }

    package func record(_ changes: [DeliveryChange], sent: [SentGroup] = []) {
        commits.enqueueLazily(contentsOf: sent.map { .sent($0) } + changes.map { .change($0) })
    }

    package func fetch(_ request: PendingRequest, afterCommit: Bool) {
        if afterCommit { commits.enqueue(.fetch(request)) } else { reads.enqueue(.pending(request)) }
    }

    package func close(_ reference: SessionReference, _ reason: SessionCloseReason) {
        let shard = shards[reference.shard]
        shard.eventLoop.execute { shard.close(reference.handle, reason) }
    }

    /// Ends the device's session on this node, if it has one.
    package func disconnect(_ device: DeviceNumber, _ reason: SessionCloseReason) {
        if let reference = directory[device] { close(reference, reason) }
    }

    /// There is something new in the store for devices that may be connected to this node.
    package func wake(_ devices: [DeviceNumber]) {
        var outboxes = [ShardOutbox](repeating: ShardOutbox(), count: shards.count)
        for device in devices {
            if let reference = directory[device] { outboxes[reference.shard].wakes.append(reference.handle) }
        }
        post(outboxes)
    }

    /// Refuses new requests, closes all sessions, and returns when everything under way is on disk.
    package func stop() async {
        isStopping.store(true, ordering: .relaxed)
        let spread = ReconnectSpread(devices: directory.count, perSecond: settings.reconnectsPerSecond)
        for shard in shards {
            try? await shard.eventLoop.submit { shard.stop(spread) }.get()
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                self.commits.drain()
                self.reads.drain()
                self.queries.drain()
                self.commits.drain()
                continuation.resume()
            }
        }
        // The last commit tells the audit of the last sends.
        if audit != nil { try? await update { _ in } }
    }

    // MARK: Committing

    private func commit(_ batch: [CommitOperation]) {
        var rest = batch[...]
        while !rest.isEmpty {
            do {
                let (count, outcome) = try write(rest)
                outcome.count(in: metrics)
                handOver(rest.prefix(count), outcome)
                rest = rest.dropFirst(count)
            } catch {
                fail(rest, error)
                return
            }
        }
    }

    /// Writes the first operations in one transaction: all of them, unless they reach very many devices.
    private func write(_ operations: ArraySlice<CommitOperation>) throws -> (count: Int, CommitOutcome) {
        var outcome = CommitOutcome()
        guard operations.contains(where: \.writes) else { return (operations.count, outcome) }
        let started = clock.uptime
        var count = 0
        try store.write { transaction in
            try audit?.appendSends(to: transaction, at: clock.now, uptime: started, everything: stopping)
            for operation in operations where outcome.targets.count < limits.largestFanOut {
                try apply(operation, transaction, &outcome)
                count += 1
            }
            try recallMissed(transaction, &outcome)
            outcome.journaled = transaction.eventCount
        }
        audit?.committed(outcome.sends, at: started)
        if !outcome.acceptances.isEmpty { refusedAt.withLock { $0 = nil } }
        metrics.commits.increment()
        metrics.commitSeconds.recordNanoseconds((clock.uptime - started).nanoseconds)
        return (count, outcome)
    }

    private func apply(
        _ operation: CommitOperation, _ transaction: any StoreTransaction, _ outcome: inout CommitOutcome
    ) throws {
        switch operation {
        case .accept(let accept):
            outcome.acceptances.append(try self.accept(accept.request, transaction, &outcome))
        case .change(let change):
            if try transaction.apply(change) {
                try follow(change, transaction, &outcome)
            } else if change.sentAt != nil {
                try noteMissed(change.message, to: [change.device], transaction, &outcome)
            }
        case .sent(let group):
            let sent = try transaction.apply(group)
            outcome.events.add(.sent, group.route, sent)
            if sent < group.devices.count { try noteMissed(group.message, to: group.devices, transaction, &outcome) }
        case .settle(let settlement, _):
            if try transaction.settle(settlement) {
                var change = settlement.change
                change.route = settlement.route
                try follow(change, transaction, &outcome)
            } else if settlement.change.sentAt != nil {
                try noteMissed(settlement.key.message, to: [settlement.key.device], transaction, &outcome)
            }
        case .unqueue(let route, let app, let keys):
            try transaction.removeFromOutbox(of: route, app, keys)
        case .strand(let device):
            try strand(device, transaction, &outcome)
        case .control(let control):
            try control.run(transaction)
        case .push(let push):
            try self.push(push, transaction, &outcome)
        case .fetch:
            break
        }
    }

    private func handOver(_ batch: some Sequence<CommitOperation>, _ outcome: CommitOutcome) {
        var outboxes = [ShardOutbox](repeating: ShardOutbox(), count: shards.count)
        var elsewhere: [NodeNumber: [DeviceNumber]] = [:]
        var next = 0
        var nextMade = 0
        var accepted = 0
        for operation in batch {
            switch operation {
            case .accept(let accept):
                let acceptance = outcome.acceptances[next]
                next += 1
                accepted += 1
                outboxes[accept.receiver.shard].answers.append(
                    ShardOutbox.Answer(operation: accept, result: acceptance.answer))
                guard case .new(let message, let targets) = acceptance else { continue }
                handOver(message, to: outcome.targets[targets], &outboxes, &elsewhere)
            case .push(let push):
                let now = clock.now
                for made in outcome.made[nextMade] where made.message.expiresAt > now {
                    handOver(made.message, to: outcome.targets[made.targets], &outboxes, &elsewhere)
                }
                nextMade += 1
                push.finish(nil)
            case .settle(_, let committed): committed()
            case .change, .sent, .unqueue, .strand: break
            case .control(let control): control.finish(nil)
            case .fetch(let request): reads.enqueue(.pending(request))
            }
        }
        for recall in outcome.recalls {
            handOver(recall.message, to: outcome.targets[recall.targets], &outboxes, &elsewhere)
        }
        queuedAccepts.subtract(accepted, ordering: .relaxed)
        let now = clock.uptime
        for index in outboxes.indices { outboxes[index].committed = now }
        post(outboxes)
        if outcome.journaled > 0 { events?.wake() }
        for (node, devices) in elsewhere { bus?.wake(devices, on: node) }
        for lane in lanes {
            for app in outcome.refilledOutboxes[lane.provider.route] ?? [] { lane.beginAnew(app) }
            for app in outcome.filledOutboxes[lane.provider.route] ?? [] { lane.wake(app) }
        }
    }

    private func handOver(
        _ message: Message, to targets: ArraySlice<Target>, _ outboxes: inout [ShardOutbox],
        _ elsewhere: inout [NodeNumber: [DeviceNumber]]
    ) {
        for target in targets {
            if let session = directory[target.device] {
                outboxes[session.shard].handOver(message, to: session.handle)
            } else if let other = target.node, other != node {
                elsewhere[other, default: []].append(target.device)
            }
        }
    }

    /// The commit did not happen: requests are refused, what is known of deliveries is kept and tried again.
    private func fail(_ batch: ArraySlice<CommitOperation>, _ error: any Error) {
        logger.error("commit failed", metadata: ["operations": "\(batch.count)", "error": "\(error)"])
        metrics.commitFailures.increment()
        var outboxes = [ShardOutbox](repeating: ShardOutbox(), count: shards.count)
        var others: [CommitOperation] = []
        for operation in batch {
            if case .accept(let accept) = operation {
                outboxes[accept.receiver.shard].answers.append(
                    ShardOutbox.Answer(operation: accept, result: .failure(.storeUnavailable)))
            } else {
                others.append(operation)
            }
        }
        let refused = batch.count - others.count
        queuedAccepts.subtract(refused, ordering: .relaxed)
        metrics.refused.increment(by: refused)
        if refused > 0 { refusedAt.withLock { $0 = clock.uptime } }
        post(outboxes)
        // It is new messages that need room: without them the rest can often still be written.
        if refused > 0, let (_, outcome) = try? write(others[...]) {
            outcome.count(in: metrics)
            handOver(others, outcome)
        } else {
            putOff(others)
        }
    }

    /// Nothing can be written: changes of the control plane fail, devices are served what can be read, receipts are
    /// kept for later.
    private func putOff(_ operations: [CommitOperation]) {
        var again: [CommitOperation] = []
        for operation in operations {
            switch operation {
            case .accept: break
            case .control(let control): control.finish(ApusError.storeUnavailable)
            case .push(let push): push.finish(ApusError.storeUnavailable)
            case .fetch(let request): reads.enqueue(.pending(request))
            case .change, .sent, .settle, .unqueue, .strand: again.append(operation)
            }
        }
        guard !again.isEmpty, !isStopping.load(ordering: .relaxed) else { return }
        let retry = again
        shards[0].eventLoop.scheduleTask(in: limits.retryCommitAfter) { self.commits.enqueue(contentsOf: retry) }
    }

    func post(_ outboxes: [ShardOutbox]) {
        for (shard, outbox) in zip(shards, outboxes) where !outbox.isEmpty {
            shard.eventLoop.execute { shard.take(outbox) }
        }
    }
}
