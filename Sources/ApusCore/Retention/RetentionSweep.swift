import CoreMetrics
import Logging

/// Removes messages that need not be kept any more, app by app. In small steps, each a part of an ordinary commit, so that
/// sending never waits long for it.
package struct RetentionSweep: Sendable {
    private let dispatcher: Dispatcher
    private let standard: Retention

    /// To count messages is a walk through an index, which is worth it only now and then.
    private static let interval = Duration.seconds(10)
    /// Messages that one step removes.
    private static let step = 200

    /// - Parameter standard: what holds for apps that say nothing else.
    package init(dispatcher: Dispatcher, standard: Retention) {
        self.dispatcher = dispatcher
        self.standard = standard
    }

    /// Works until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            do {
                try await sweep()
            } catch {
                dispatcher.logger.warning("old messages cannot be removed", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: Self.interval)
        }
    }

    package func sweep() async throws {
        for app in try await dispatcher.query({ try $0.apps() }) where !Task.isCancelled {
            try await sweep(app.number)
        }
    }

    private func sweep(_ app: AppNumber) async throws {
        let (standard, now) = (standard, dispatcher.clock.now)
        let (own, kept) = try await dispatcher.query { snapshot in
            let own = try snapshot.retention(of: app)
            return (own, try snapshot.firstKept(of: app, by: own.completed(by: standard), at: now))
        }
        guard let kept else { return }
        var hasMore = true
        while hasMore, !Task.isCancelled {
            let purged = try await dispatcher.update { transaction -> (removed: Int, hasMore: Bool) in
                // Who has just been told that more is kept is to find it.
                guard try transaction.retention(of: app) == own else { return (0, false) }
                return try transaction.purge(app, before: kept, limit: Self.step)
            }
            dispatcher.metrics.removed.increment(by: purged.removed)
            hasMore = purged.hasMore
        }
    }
}
