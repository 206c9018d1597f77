import Logging
import NIOCore
import Synchronization

/// Brings what is in the outbox to one provider, as fast as that takes it. What it does not take stays in the store. Each
/// app's part goes its own way, so that one whose credentials are not accepted holds up no other.
package final class ProviderLane: Sendable {
    package let provider: any PushProvider
    private let states = Mutex<[AppNumber: LaneState]>([:])
    private let limit: Int
    // SAFETY: assigned once, by the dispatcher that makes the lane, before anyone else sees it.
    nonisolated(unsafe) unowned var dispatcher: Dispatcher!

    /// How long an app's part waits after its provider put something off.
    private static let pause = TimeAmount.seconds(5)
    /// How long it waits after its provider took nothing at all.
    private static let retry = TimeAmount.seconds(1)

    /// - Parameter limit: deliveries of an app that may be under way.
    package init(_ provider: any PushProvider, limit: Int = 4096) {
        self.provider = provider
        self.limit = limit
    }

    /// Deliveries that the provider has, or that are being settled.
    package var underWay: Int { states.withLock { $0.values.reduce(0) { $0 + $1.underWayCount } } }

    /// Something of the app was put into the outbox.
    func wake(_ app: AppNumber) {
        change(app) { $0.added() }
        proceed(app)
    }

    /// Looks for what may have been left behind. To be called from time to time.
    package func sweep() {
        let route = provider.route
        dispatcher.query({ try $0.appsInOutbox(of: route) }) { [self] result in
            guard let apps = try? result.get() else { return }
            for app in apps { beginAnew(app) }
        }
    }

    /// Something of the app was put into the outbox that may be older than what was read of it.
    func beginAnew(_ app: AppNumber) {
        change(app) { $0.beginAnew() }
        proceed(app)
    }

    @discardableResult
    private func change<Result>(_ app: AppNumber, _ body: (inout LaneState) -> Result) -> Result {
        states.withLock { body(&$0[app, default: LaneState(limit: limit)]) }
    }

    private func proceed(_ app: AppNumber) {
        guard !dispatcher.stopping else { return }
        let step = change(app) { $0.next(at: dispatcher.clock.uptime) }
        guard case .read(let cursor, let limit) = step else { return }
        let (route, now) = (provider.route, dispatcher.clock.now)
        dispatcher.query({ try $0.outbox(of: route, app, after: cursor, limit: limit, at: now) }) { [self] result in
            switch result {
            case .success(let page): submit(page, of: app, isLast: page.count < limit)
            case .failure(let error):
                dispatcher.logger.error("reading the outbox failed", metadata: ["error": "\(error)"])
                change(app) { $0.finishPage(isLast: true) }
            }
        }
    }

    private func submit(_ page: [OutboxEntry], of app: AppNumber, isLast: Bool) {
        var done: [DeliveryKey] = []
        defer { if !done.isEmpty { dispatcher.removeFromOutbox(of: provider.route, app, done) } }
        for entry in page {
            switch entry {
            case .done(let key):
                done.append(key)
            case .due(let delivery) where change(app, { $0.shouldSubmit(delivery.key) }):
                guard provider.submit(delivery, completion: { self.completed(delivery, $0) }) else {
                    if change(app, { $0.refused(delivery.key) }) { tryAgain(app, in: Self.retry) }
                    return
                }
            case .due:
                break
            }
            change(app) { $0.passed(entry.key) }
        }
        change(app) { $0.finishPage(isLast: isLast) }
        proceed(app)
    }

    private func tryAgain(_ app: AppNumber, in time: TimeAmount) {
        guard let loop = dispatcher.shards.first?.eventLoop, !dispatcher.stopping else { return }
        loop.scheduleTask(in: time) {
            self.change(app) { $0.tryAgain() }
            self.proceed(app)
        }
    }

    private func completed(_ delivery: VendorDelivery, _ outcome: VendorOutcome) {
        let app = delivery.message.app
        if case .putOff = outcome.result {
            let until = dispatcher.clock.uptime + Self.pause
            change(app) { $0.putOff(delivery.key, until: until) }
            return tryAgain(app, in: Self.pause)
        }
        let settlement = VendorSettlement(
            delivery, route: provider.route, outcome: outcome, at: dispatcher.clock.now)
        dispatcher.settle(settlement) { [self] in
            if let time = settlement.notBefore {
                wait(for: delivery.key, of: app, until: time)
            } else {
                change(app) { $0.settled(delivery.key) }
            }
            proceed(app)
        }
    }

    private func wait(for key: DeliveryKey, of app: AppNumber, until time: Timestamp) {
        let wait = TimeAmount.milliseconds(max(1, time.milliseconds - dispatcher.clock.now.milliseconds))
        let due = dispatcher.clock.uptime + wait
        guard change(app, { $0.settled(key, dueAgain: due) }) else { return }
        guard let loop = dispatcher.shards.first?.eventLoop, !dispatcher.stopping else { return }
        loop.scheduleTask(in: wait) {
            self.change(app) { $0.becameDue() }
            self.proceed(app)
        }
    }
}
