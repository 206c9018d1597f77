package import ApusCore
import Synchronization

/// Those who listen to events, as many as there may be.
package final class EventListeners: Sendable {
    /// A place among those who listen. It is free again once nothing holds it.
    final class Place: Sendable {
        let hub: EventHub
        private let listeners: EventListeners

        fileprivate init(_ hub: EventHub, among listeners: EventListeners) {
            self.hub = hub
            self.listeners = listeners
        }

        deinit { listeners.taken.withLock { $0 -= 1 } }
    }

    private let hub: EventHub?
    private let most: Int
    private let taken = Mutex(0)

    /// - Parameters:
    ///   - hub: nil if no journal is kept.
    ///   - most: who may listen at the same time.
    package init(_ hub: EventHub?, most: Int) {
        self.hub = hub
        self.most = most
    }

    package var count: Int { taken.withLock { $0 } }

    /// - Throws: if there is none.
    var journal: EventHub {
        get throws(ApusError) {
            guard let hub else {
                throw ApusError(
                    .notFound, code: "events_off", "This server keeps no journal of events: events.retention is 0.")
            }
            return hub
        }
    }

    /// - Throws: if there is nothing to listen to, or too many listen already.
    func admit() throws(ApusError) -> Place {
        let hub = try journal
        let isFull = taken.withLock { taken in
            guard taken < most else { return true }
            taken += 1
            return false
        }
        guard !isFull else {
            throw ApusError(
                .unavailable(retryAfter: 10), code: "too_many_listeners",
                "\(most) listen to events already. Close some connections, or raise events.listeners.")
        }
        return Place(hub, among: self)
    }
}
