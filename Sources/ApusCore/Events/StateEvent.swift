/// One thing that the journal says: a message was accepted, or one of its deliveries came to a state or to an end.
package struct StateEvent: Sendable, Equatable {
    /// What was reached. The raw values are those that are stored.
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// A message was accepted, for some number of devices.
        case accepted
        case unsent
        case sent
        case received
        case read
        case expired
        case failed
        case cancelled
    }

    package let kind: Kind
    package let message: MessageID
    package let at: Timestamp
    /// Whose delivery it is. Nil if it is about the message as a whole, as `accepted` is.
    package let device: DeviceNumber?
    /// By which way the delivery was handed over last.
    package let route: Route?
    /// Why the delivery failed.
    package let reason: String?
    /// Of an accepted message: how many deliveries it has, and the app that sent it.
    package let accepted: Accepted?

    package struct Accepted: Sendable, Equatable {
        package let app: AppNumber
        package let deliveries: Int

        package init(app: AppNumber, deliveries: Int) {
            self.app = app
            self.deliveries = deliveries
        }
    }

    /// What happened to one delivery.
    package init(
        _ kind: Kind, _ message: MessageID, _ device: DeviceNumber, at time: Timestamp, route: Route? = nil,
        reason: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.device = device
        at = time
        self.route = route
        self.reason = reason
        accepted = nil
    }

    /// A message was accepted.
    package init(accepted message: MessageID, _ accepted: Accepted, at time: Timestamp) {
        kind = .accepted
        self.message = message
        at = time
        device = nil
        route = nil
        reason = nil
        self.accepted = accepted
    }
}

extension StateEvent.Kind {
    package var name: String {
        switch self {
        case .accepted: "accepted"
        case .unsent: "unsent"
        case .sent: "sent"
        case .received: "received"
        case .read: "read"
        case .expired: "expired"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }

    package init?(name: some StringProtocol) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }

    package init(_ end: DeliveryEnd) {
        self =
            switch end {
            case .expired: .expired
            case .failed: .failed
            case .cancelled: .cancelled
            }
    }
}

extension DeliveryEnd {
    /// Why it failed, if it did.
    package var reason: String? {
        if case .failed(let reason) = self { reason } else { nil }
    }
}

extension Delivery {
    /// What became of the delivery since it was `earlier`, in the order in which it happens: one event for each state
    /// on the way, also if they were reached at once.
    package func events(since earlier: Delivery, of message: MessageID, to device: DeviceNumber) -> [StateEvent] {
        var events: [StateEvent] = []
        let reached: [(DeliveryState, StateEvent.Kind, Timestamp?)] = [
            (.sent, .sent, sentAt), (.received, .received, receivedAt), (.read, .read, readAt),
        ]
        for (state, kind, time) in reached {
            guard earlier.state < state, self.state >= state, let time else { continue }
            events.append(StateEvent(kind, message, device, at: time, route: route))
        }
        if earlier.end == nil, let end, let endedAt {
            events.append(
                StateEvent(
                    StateEvent.Kind(end), message, device, at: endedAt, route: route, reason: end.reason))
        }
        return events
    }
}
