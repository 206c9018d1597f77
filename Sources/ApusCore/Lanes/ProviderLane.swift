import Logging
import NIOCore
import Synchronization

/// Brings what is in the outbox to one provider, as fast as that takes it. What it does not take stays in the store.
package final class ProviderLane: Sendable {
    package let provider: any PushProvider
    private let state: Mutex<LaneState>
    // SAFETY: assigned once, by the dispatcher that makes the lane, before anyone else sees it.
    nonisolated(unsafe) unowned var dispatcher: Dispatcher!

    /// How long a lane waits after its provider put something off.
    private static let pause = TimeAmount.seconds(5)
    /// How long it waits after its provider took nothing at all.
    private static let retry = TimeAmount.seconds(1)

    package init(_ provider: any PushProvider, limit: Int = 4096) {
        self.provider = provider
        state = Mutex(LaneState(limit: limit))
    }

    /// Deliveries that the provider has, or that are being settled.
    package var underWay: Int { state.withLock { $0.underWayCount } }

    /// Something was put into the outbox.
    func wake() {
        state.withLock { $0.added() }
        proceed()
    }

    /// Looks for what may have been left behind. To be called from time to time.
    package func sweep() {
        state.withLock { $0.beginAnew() }
        proceed()
    }

    private func proceed() {
        guard !dispatcher.stopping else { return }
        let step = state.withLock { $0.next(at: dispatcher.clock.uptime) }
        guard case .read(let cursor, let limit) = step else { return }
        let (route, now) = (provider.route, dispatcher.clock.now)
        dispatcher.query({ try $0.outbox(of: route, after: cursor, limit: limit, at: now) }) { [self] result in
            switch result {
            case .success(let page): submit(page, isLast: page.count < limit)
            case .failure(let error):
                dispatcher.logger.error("reading the outbox failed", metadata: ["error": "\(error)"])
                state.withLock { $0.finishPage(isLast: true) }
            }
        }
    }

    private func submit(_ page: [OutboxEntry], isLast: Bool) {
        var done: [DeliveryKey] = []
        defer { if !done.isEmpty { dispatcher.removeFromOutbox(of: provider.route, done) } }
        for entry in page {
            switch entry {
            case .done(let key):
                done.append(key)
            case .due(let delivery) where state.withLock({ $0.shouldSubmit(delivery.key) }):
                guard provider.submit(delivery, completion: { self.completed(delivery, $0) }) else {
                    if state.withLock({ $0.refused(delivery.key) }) { tryAgain(in: Self.retry) }
                    return
                }
            case .due:
                break
            }
            state.withLock { $0.passed(entry.key) }
        }
        state.withLock { $0.finishPage(isLast: isLast) }
        proceed()
    }

    private func tryAgain(in time: TimeAmount) {
        guard let loop = dispatcher.shards.first?.eventLoop, !dispatcher.stopping else { return }
        loop.scheduleTask(in: time) {
            self.state.withLock { $0.tryAgain() }
            self.proceed()
        }
    }

    private func completed(_ delivery: VendorDelivery, _ outcome: VendorOutcome) {
        if case .putOff = outcome.result {
            let until = dispatcher.clock.uptime + Self.pause
            state.withLock { $0.putOff(delivery.key, until: until) }
            return tryAgain(in: Self.pause)
        }
        let settlement = VendorSettlement(
            delivery, route: provider.route, outcome: outcome, at: dispatcher.clock.now)
        dispatcher.settle(settlement) { [self] in
            state.withLock { $0.settled(delivery.key) }
            proceed()
        }
    }
}
