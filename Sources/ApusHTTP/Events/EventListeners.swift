package import ApusCore
import Synchronization

/// Those who listen to events, as many as there may be.
package final class EventListeners: Sendable {
    private let hub: EventHub?
    private let most: Int
    private let open = Atomic(0)

    /// - Parameters:
    ///   - hub: nil if no journal is kept.
    ///   - most: who may listen at the same time.
    package init(_ hub: EventHub?, most: Int) {
        self.hub = hub
        self.most = most
    }

    package var count: Int { open.load(ordering: .relaxed) }

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
    func admit() throws(ApusError) -> EventHub {
        let hub = try journal
        guard count < most else {
            throw ApusError(
                .unavailable(retryAfter: 10), code: "too_many_listeners",
                "\(most) listen to events already. Close some connections, or raise events.listeners.")
        }
        return hub
    }

    func opened() { open.add(1, ordering: .relaxed) }
    func closed() { open.subtract(1, ordering: .relaxed) }
}
