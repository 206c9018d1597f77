/// What happened to one delivery since it was last written: several events folded into one write.
///
/// The events are applied in the order sent, received, read, acknowledged, end; each keeps its own time.
package struct DeliveryChange: Sendable, Equatable {
    package var message: MessageID
    package var device: DeviceNumber
    package var sentAt: Timestamp?
    /// The way that it was sent, or that its receipt came.
    package var route: Route?
    package var receivedAt: Timestamp?
    package var readAt: Timestamp?
    package var acknowledgedAt: Timestamp?
    package var end: DeliveryEnd?
    package var endedAt: Timestamp?

    package init(message: MessageID, device: DeviceNumber) {
        self.message = message
        self.device = device
    }

    /// What a device said.
    package init(_ message: MessageID, _ device: DeviceNumber, _ receipt: Receipt, at time: Timestamp) {
        self.init(message: message, device: device)
        switch receipt {
        case .received: receivedAt = time
        case .read: readAt = time
        case .acknowledged: acknowledgedAt = time
        }
    }

    package static func sent(
        _ message: MessageID, _ device: DeviceNumber, _ route: Route, at time: Timestamp
    ) -> DeliveryChange {
        var change = DeliveryChange(message: message, device: device)
        change.sentAt = time
        change.route = route
        return change
    }

    package static func ended(
        _ message: MessageID, _ device: DeviceNumber, _ end: DeliveryEnd, at time: Timestamp
    ) -> DeliveryChange {
        var change = DeliveryChange(message: message, device: device)
        change.end = end
        change.endedAt = time
        return change
    }

    /// The events in order, with their times.
    package var events: [(DeliveryEvent, Timestamp)] {
        var events: [(DeliveryEvent, Timestamp)] = []
        if let sentAt, let route { events.append((.sent(route), sentAt)) }
        if let receivedAt { events.append((.received, receivedAt)) }
        if let readAt { events.append((.read, readAt)) }
        if let acknowledgedAt { events.append((.acknowledged, acknowledgedAt)) }
        if let end, let endedAt { events.append((.ended(end), endedAt)) }
        return events
    }
}
