/// A delivery that a vendor is to take over.
package struct VendorDelivery: Sendable {
    package let message: Message
    package let device: DeviceNumber
    package let platform: Platform
    /// What the vendor knows the device by.
    package let token: String
    package let registeredAt: Timestamp
    /// How often the vendor put it off for later.
    package let attempts: Int

    package init(
        message: Message, device: DeviceNumber, platform: Platform, token: String, registeredAt: Timestamp,
        attempts: Int = 0
    ) {
        self.message = message
        self.device = device
        self.platform = platform
        self.token = token
        self.registeredAt = registeredAt
        self.attempts = attempts
    }

    package var key: DeliveryKey { DeliveryKey(message: message.id, device: device) }
}

/// What stands in an outbox.
package enum OutboxEntry: Sendable {
    case due(VendorDelivery)
    /// It is confirmed, expired or for nobody any more: it can be taken out.
    case done(DeliveryKey)

    package var key: DeliveryKey {
        switch self {
        case .due(let delivery): delivery.key
        case .done(let key): key
        }
    }
}

/// One message for one device, in the order of messages.
package struct DeliveryKey: Hashable, Comparable, Sendable {
    package let message: MessageID
    package let device: DeviceNumber

    package init(message: MessageID, device: DeviceNumber) {
        self.message = message
        self.device = device
    }

    package static let zero = DeliveryKey(message: .zero, device: DeviceNumber(0))

    package static func < (a: DeliveryKey, b: DeliveryKey) -> Bool {
        (a.message, a.device) < (b.message, b.device)
    }
}

/// What became of a delivery that a vendor took over.
package struct VendorOutcome: Sendable, Equatable {
    package enum Result: Sendable, Equatable {
        /// The vendor accepted it.
        case accepted
        /// The device has it.
        case received
        /// It will never be accepted.
        case refused
        /// Nobody can say whether it was accepted; it counts as sent, so that it is not sent twice.
        case unknown
        /// The vendor does not know the token any more: since then, or since now.
        case tokenDead(since: Timestamp?)
        /// It was not sent, and nothing else of the app can be for a while.
        case putOff
        /// This one is to be tried again then; others are not held up.
        case later(at: Timestamp)
    }

    package let result: Result
    /// A stable code (`apns.Unregistered`, …); of a refusal it is the reason that the delivery failed.
    package let code: String
    /// The vendor's answer for people, with its reference for the message.
    package let detail: String
    /// The job that the delivery went with. One outcome of each job has it.
    package let task: VendorTask?
    /// Whether the vendor was asked. What only waits for its turn does not count as tried.
    package let isAttempt: Bool

    package init(
        _ result: Result, code: String, detail: String, task: VendorTask? = nil, isAttempt: Bool = true
    ) {
        self.result = result
        self.isAttempt = isAttempt
        self.code = code
        self.detail = detail
        self.task = task
    }
}

/// An outcome on its way to the store.
package struct VendorSettlement: Sendable {
    package let key: DeliveryKey
    package let app: AppNumber
    package let route: Route
    package let token: String
    package let registeredAt: Timestamp
    package let outcome: VendorOutcome
    package let at: Timestamp

    package init(_ delivery: VendorDelivery, route: Route, outcome: VendorOutcome, at time: Timestamp) {
        key = delivery.key
        app = delivery.message.app
        self.route = route
        token = delivery.token
        registeredAt = delivery.registeredAt
        self.outcome = outcome
        at = time
    }

    package var change: DeliveryChange {
        switch outcome.result {
        case .accepted, .unknown: return .sent(key.message, key.device, route, at: at)
        case .received:
            var change = DeliveryChange.sent(key.message, key.device, route, at: at)
            change.receivedAt = at
            return change
        case .refused, .tokenDead: return .ended(key.message, key.device, .failed(outcome.code), at: at)
        case .putOff, .later: return DeliveryChange(message: key.message, device: key.device)
        }
    }

    package var trailEntry: TrailEntry {
        TrailEntry(at: at, code: outcome.code, route: route.rawValue, detail: outcome.detail)
    }

    /// When it is to be tried again, if it is.
    package var notBefore: Timestamp? {
        if case .later(let time) = outcome.result { time } else { nil }
    }

    /// When the token died, if it did and was not registered again since.
    package var tokenDiedAt: Timestamp? {
        guard case .tokenDead(let since) = outcome.result else { return nil }
        let died = since ?? at
        return registeredAt <= died ? died : nil
    }
}
