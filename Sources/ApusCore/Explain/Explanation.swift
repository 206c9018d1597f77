/// What became of one message for one device, and why: in codes for programs and sentences for people.
package struct Explanation: Sendable, Equatable {
    package struct Step: Sendable, Equatable {
        package let at: Timestamp?
        package let code: String
        package let text: String
        package let route: String?
    }

    /// The bucket that the delivery counts in, or `none` if the message is not for the device.
    package let state: String
    package let steps: [Step]
    /// What happens next, if nobody does anything.
    package let next: Step
}

extension Explanation {
    /// What is known of the device's connection right now.
    package struct Presence: Sendable {
        package let isConnected: Bool
        /// The vendor that reaches the device while it is not connected.
        package let vendor: Route?
        /// Why that vendor does not send at the moment.
        package let vendorProblem: String?

        package init(isConnected: Bool, vendor: Route? = nil, vendorProblem: String? = nil) {
            self.isConnected = isConnected
            self.vendor = vendor
            self.vendorProblem = vendorProblem
        }
    }

    package init(
        _ record: MessageRecord, _ delivery: DeliveryRecord, trail: [TrailEntry], presence: Presence, now: Timestamp
    ) {
        let message = record.message
        let state = delivery.delivery
        var steps = [
            Self.accepted(message),
            message.content.push == nil ? Self.rule(record.audience, delivery.rule) : Self.posted,
        ]
        if let sentAt = state.sentAt {
            steps.append(Step(at: sentAt, code: "sent", text: Self.sentText(state), route: state.route?.rawValue))
        }
        for entry in trail {
            steps.append(
                Step(
                    at: entry.at, code: entry.code, text: Self.text(of: entry),
                    route: entry.route.isEmpty ? nil : entry.route))
        }
        if let receivedAt = state.receivedAt {
            steps.append(
                Step(
                    at: receivedAt, code: "received", text: "The device confirmed that it has the message.", route: nil)
            )
        }
        if let readAt = state.readAt {
            steps.append(Step(at: readAt, code: "read", text: "The user has read it.", route: nil))
        }
        if let end = state.end { steps.append(Self.step(end, at: state.endedAt)) }
        let (first, later) = (steps.prefix(2), steps.dropFirst(2))
        self.steps = first + later.sorted { ($0.at?.milliseconds ?? 0) < ($1.at?.milliseconds ?? 0) }
        self.state = state.bucket
        next = Self.next(message, state, presence, now)
    }

    /// The message is not for the device.
    package init(_ record: MessageRecord, notFor device: Device) {
        state = "none"
        steps = [Self.accepted(record.message), Self.mismatch(record, device)]
        next = Step(at: nil, code: "none", text: "Nothing: the message is not for this device.", route: nil)
    }

    static func accepted(_ message: Message) -> Step {
        Step(at: message.id.time, code: "accepted", text: "The message was accepted and is on disk.", route: nil)
    }

    private static let posted = Step(
        at: nil, code: "matched.endpoint", text: "It was posted to an endpoint of the device.", route: nil)

    private static func rule(_ audience: Audience, _ rule: Int) -> Step {
        let value = audience.values.indices.contains(rule) ? audience.values[rule] : ""
        let text =
            switch audience.kind {
            case .alias: "The audience's alias \"\(value)\" is the device's."
            case .tag: "The audience's tag \"\(value)\" is one of the device's."
            case .device: "The audience names the device."
            case .all: "The audience is every active device of the app."
            }
        return Step(at: nil, code: "matched.\(audience.kind.rawValue.lowercased())", text: text, route: nil)
    }

    private static func mismatch(_ record: MessageRecord, _ device: Device) -> Step {
        let audience = record.audience
        if device.app != record.message.app {
            return Step(at: nil, code: "unmatched.app", text: "The device belongs to another app.", route: nil)
        }
        if !device.tenant.isEmpty, device.tenant != audience.tenant {
            return Step(at: nil, code: "unmatched.tenant", text: "The device belongs to another tenant.", route: nil)
        }
        if let platform = audience.platform, platform != device.platform {
            return Step(
                at: nil, code: "unmatched.platform",
                text: "The message is for \(platform.name), the device is \(device.platform.name).", route: nil)
        }
        if device.registeredAt > record.message.id.time {
            return Step(
                at: device.registeredAt, code: "unmatched.registered_later",
                text: "The device was registered, or registered again, after the message was accepted.", route: nil)
        }
        if !device.isActive {
            return Step(
                at: nil, code: "unmatched.inactive", text: "The device is unregistered.", route: nil)
        }
        return Step(
            at: nil, code: "unmatched.\(audience.kind.rawValue.lowercased())",
            text: "None of the audience's values matches the device.", route: nil)
    }

    private static func sentText(_ state: Delivery) -> String {
        switch state.route {
        case nil: "It was sent."
        case .webSocket?: "It was written to the device's WebSocket."
        case .xmpp?: "It was written to the device's XMPP stream."
        case let route?: "It was sent by \(route.rawValue)."
        }
    }

    private static func text(of entry: TrailEntry) -> String {
        entry.code == "resent"
            ? "It was sent again, because it had not been confirmed." : (entry.detail ?? entry.code)
    }

    private static func step(_ end: DeliveryEnd, at time: Timestamp?) -> Step {
        switch end {
        case .expired:
            Step(at: time, code: "expired", text: "Its time to live ended before it was done.", route: nil)
        case .cancelled:
            Step(at: time, code: "cancelled", text: "It was cancelled.", route: nil)
        case .failed("device.reassigned"):
            Step(
                at: time, code: "failed.device.reassigned",
                text: "The device was registered for another alias; this one's messages are not for it any more.",
                route: nil)
        case .failed("endpoint.unregistered"):
            Step(
                at: time, code: "failed.endpoint.unregistered",
                text: "The endpoint that it was posted to was unregistered.", route: nil)
        case .failed(let reason):
            Step(at: time, code: "failed.\(reason)", text: "It failed: \(reason).", route: nil)
        }
    }

    private static func next(_ message: Message, _ state: Delivery, _ presence: Presence, _ now: Timestamp) -> Step {
        guard state.isOpen else {
            return Step(at: nil, code: "none", text: "Nothing: the delivery is done.", route: nil)
        }
        guard message.expiresAt > now else {
            return Step(at: nil, code: "expires", text: "It has expired and is about to be marked so.", route: nil)
        }
        if state.state == .unsent, !presence.isConnected, let vendor = presence.vendor {
            return Step(
                at: message.expiresAt, code: "waits.vendor",
                text: presence.vendorProblem.map { "It waits for \(vendor.rawValue), which does not send: \($0)" }
                    ?? "It waits for \(vendor.rawValue), which has much to send or has not answered yet.",
                route: vendor.rawValue)
        }
        switch (state.state, presence.isConnected) {
        case (.unsent, false):
            return Step(
                at: message.expiresAt, code: "waits.offline",
                text: "The device is not connected. The message is sent when it connects, until it expires.", route: nil
            )
        case (.unsent, true):
            return Step(
                at: message.expiresAt, code: "waits.order",
                text: "The device is connected and has earlier messages to take or to confirm first.", route: nil)
        case (_, false):
            return Step(
                at: message.expiresAt, code: "waits.reconnect",
                text: "The device is not connected. The message is sent again when it connects, until it is confirmed "
                    + "or expires.", route: nil)
        case (_, true):
            return Step(
                at: message.expiresAt, code: "waits.confirmation",
                text: "The device has not confirmed it. It is sent again, ever more seldom, until it does or the "
                    + "message expires.", route: nil)
        }
    }
}

extension Delivery {
    /// The name of the one bucket that the delivery counts in.
    package var bucket: String {
        switch (end, state) {
        case (.expired?, _): "expired"
        case (.failed?, _): "failed"
        case (.cancelled?, _): "cancelled"
        case (nil, .unsent): "unsent"
        case (nil, .sent): "sent"
        case (nil, .received): "received"
        case (nil, .read): "read"
        }
    }
}
