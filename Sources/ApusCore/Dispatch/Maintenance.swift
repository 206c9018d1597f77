import CoreMetrics
import Logging

/// What has to be done from time to time: send what is due, end what expired, remove what is old, go on with what nobody
/// confirmed. In small steps, each a part of an ordinary commit, so that sending never waits long for it.
package struct Maintenance: Sendable {
    private let dispatcher: Dispatcher
    private let escalations: EscalationDesk?
    private let retention: RetentionSweep
    private let keySeconds: Int64
    private let journal: JournalRetention
    private let tasks: TaskWatch

    package init(
        dispatcher: Dispatcher, escalations: EscalationDesk? = nil, retention: Retention,
        keySeconds: Int64 = 24 * 3600, journal: JournalRetention = JournalRetention()
    ) {
        self.dispatcher = dispatcher
        self.escalations = escalations
        self.retention = RetentionSweep(dispatcher: dispatcher, standard: retention)
        self.keySeconds = keySeconds
        self.journal = journal
        tasks = TaskWatch(dispatcher)
    }

    /// How many seconds pass between two looks at what lanes may have left behind, and at jobs of vendors.
    private static let sweepSeconds = 30

    /// Works until the task is cancelled.
    package func run() async {
        async let removal: Void = retention.run()
        var second = 0
        while !Task.isCancelled {
            second += 1
            if second % Self.sweepSeconds == 0 {
                for lane in dispatcher.lanes { lane.sweep() }
                tasks.begin()
            }
            await work("maintenance failed", step)
            // Whatever is wrong with the other, alarms go on.
            if let escalations { await work("escalation failed", escalations.step) }
            try? await Task.sleep(for: .seconds(1))
        }
        await removal
    }

    private func work(_ failure: Logger.Message, _ step: () async throws -> Bool) async {
        do {
            while try await step(), !Task.isCancelled {}
        } catch {
            dispatcher.logger.warning(failure, metadata: ["error": "\(error)"])
        }
    }

    /// One step of each kind.
    /// - Returns: whether there is more to do at once.
    package func step() async throws -> Bool {
        let now = dispatcher.clock.now
        let releaseMore = try await dispatcher.release()
        let (keys, journal) = (keySeconds, journal)
        let (ended, hasMore) = try await dispatcher.update { transaction in
            try transaction.removeExpiredEndpoints(at: now, limit: 500)
            let expired = try transaction.expire(at: now, limit: 500)
            let keysHaveMore = try transaction.forgetKeys(before: now.adding(seconds: -keys), limit: 200)
            let journalHasMore = try transaction.purgeJournal(
                before: now.adding(seconds: -journal.seconds), keeping: journal.events, at: now, limit: 200)
            return (expired.ended, expired.hasMore || keysHaveMore || journalHasMore)
        }
        if ended > 0 { dispatcher.metrics.expired.increment(by: ended) }
        return releaseMore || hasMore
    }
}

/// How much of the journal is kept.
package struct JournalRetention: Sendable {
    /// How old an event gets; 0 if there is no journal.
    package var seconds: Int64 = 3 * 86_400
    package var events: Int64 = 50_000_000

    package init() {}
}
