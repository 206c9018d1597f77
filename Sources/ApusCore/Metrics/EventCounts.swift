/// What happened to deliveries in one commit, by event and route.
struct EventCounts {
    enum Event: String, CaseIterable {
        case sent
        case received
        case read
        /// An answer that says received at first and read after that.
        case acknowledged
    }

    /// Seldom more than three.
    private var counts: [(event: Event, route: Route, count: Int)] = []
    private var failures: [(route: Route, reason: String)] = []

    mutating func add(_ event: Event, _ route: Route, _ count: Int = 1) {
        if let index = counts.firstIndex(where: { $0.event == event && $0.route == route }) {
            counts[index].count += count
        } else if count > 0 {
            counts.append((event, route, count))
        }
    }

    mutating func add(_ change: DeliveryChange) {
        let route = change.route ?? .unknown
        if change.sentAt != nil { add(.sent, route) }
        if change.receivedAt != nil { add(.received, route) }
        if change.readAt != nil { add(.read, route) }
        if change.acknowledgedAt != nil { add(.acknowledged, route) }
        if case .failed(let reason) = change.end { failures.append((route, reason)) }
    }

    func count(in metrics: DeliveryMetrics) {
        for (event, route, count) in counts { metrics.events.increment(by: count, event.rawValue, route.rawValue) }
        for (route, reason) in failures { metrics.failed.increment(route.rawValue, reason) }
    }
}
