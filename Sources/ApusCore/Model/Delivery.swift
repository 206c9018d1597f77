/// How far a delivery has come. The raw values are those of seed 000.
package enum DeliveryState: Int64, Sendable, Comparable, CaseIterable {
    case unsent = 0
    /// Written to a live connection, or accepted by a vendor.
    case sent = 1
    /// The device confirmed that it has the message.
    case received = 2
    /// The user saw it.
    case read = 3

    package static func < (a: DeliveryState, b: DeliveryState) -> Bool { a.rawValue < b.rawValue }
}

/// How a delivery ended without success.
package enum DeliveryEnd: Sendable, Equatable {
    case expired
    /// A stable code that says why (`vendor.unregistered`, …).
    case failed(String)
    case cancelled
}

/// By which way a delivery was handed over.
package struct Route: Hashable, Sendable, RawRepresentable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let webSocket = Route(rawValue: "websocket")
    package static let xmpp = Route(rawValue: "xmpp")
    package static let apns = Route(rawValue: "apns")
    package static let fcm = Route(rawValue: "fcm")
    package static let umeng = Route(rawValue: "umeng")
    package static let jpush = Route(rawValue: "jpush")
    package static let getui = Route(rawValue: "getui")
    package static let webPush = Route(rawValue: "webpush")
    /// An XMPP server of others, which Apus is a component of.
    package static let component = Route(rawValue: "xmpp-component")
    /// Where it is only counted.
    static let unknown = Route(rawValue: "unknown")
}

/// One thing that happens to a delivery.
package enum DeliveryEvent: Sendable, Equatable {
    case sent(Route)
    case received
    case read
    /// The device answered with nothing but the message's id, as devices of seed 000 do when it comes and again when
    /// its user opens it: the first time it is received, after that read.
    case acknowledged
    case ended(DeliveryEnd)
}

/// One message for one device: a state machine without I/O, moved by events.
///
/// States only grow, each with the time it was reached first. `ended` is final: whatever comes later changes nothing. A
/// delivery therefore counts in exactly one bucket at any time.
package struct Delivery: Sendable, Equatable {
    package let needsConfirmation: Bool
    package private(set) var state: DeliveryState
    package private(set) var end: DeliveryEnd?
    package private(set) var sentAt: Timestamp?
    package private(set) var receivedAt: Timestamp?
    package private(set) var readAt: Timestamp?
    package private(set) var endedAt: Timestamp?
    /// How often it was handed over.
    package private(set) var attempts: Int
    /// The way it was handed over last.
    package private(set) var route: Route?

    package init(needsConfirmation: Bool) {
        self.needsConfirmation = needsConfirmation
        state = .unsent
        attempts = 0
    }

    /// A delivery read back from the store.
    package init(
        needsConfirmation: Bool, state: DeliveryState, end: DeliveryEnd?, sentAt: Timestamp?, receivedAt: Timestamp?,
        readAt: Timestamp?, endedAt: Timestamp?, attempts: Int, route: Route?
    ) {
        self.needsConfirmation = needsConfirmation
        self.state = state
        self.end = end
        self.sentAt = sentAt
        self.receivedAt = receivedAt
        self.readAt = readAt
        self.endedAt = endedAt
        self.attempts = attempts
        self.route = route
    }

    /// Whether something remains to be done: send it, or wait for its confirmation.
    package var isOpen: Bool {
        end == nil && (state == .unsent || (state == .sent && needsConfirmation))
    }

    /// Takes one event.
    /// - Returns: whether anything changed.
    @discardableResult
    package mutating func apply(_ event: DeliveryEvent, at time: Timestamp) -> Bool {
        guard end == nil else { return false }
        switch event {
        case .sent(let route):
            guard state <= .sent else { return false }
            state = .sent
            sentAt = sentAt ?? time
            attempts += 1
            self.route = route
        case .received:
            guard state < .received else { return false }
            state = .received
            sentAt = sentAt ?? time
            receivedAt = time
        case .read:
            guard state < .read else { return false }
            state = .read
            sentAt = sentAt ?? time
            receivedAt = receivedAt ?? time
            readAt = time
        case .acknowledged:
            return apply(state < .received ? .received : .read, at: time)
        case .ended(.failed(let reason)):
            // A vendor may report a failure after it accepted the message.
            guard state <= .sent else { return false }
            end = .failed(reason)
            endedAt = time
        case .ended(let end):
            guard isOpen else { return false }
            self.end = end
            endedAt = time
        }
        return true
    }
}
