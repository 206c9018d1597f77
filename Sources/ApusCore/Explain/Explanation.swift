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
        var steps = Self.beginning(message)
        steps.append(message.content.push == nil ? Self.rule(record.audience, delivery.rule) : Self.posted)
        let first = steps
        steps = []
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
        self.steps = first + steps.sorted { ($0.at?.milliseconds ?? 0) < ($1.at?.milliseconds ?? 0) }
        self.state = state.bucket
        next = Self.next(message, state, presence, now)
    }

    /// The message is not for the device.
    package init(_ record: MessageRecord, notFor device: Device) {
        state = "none"
        steps = Self.beginning(record.message) + [Self.mismatch(record, device)]
        next = Step(at: nil, code: "none", text: "Nothing: the message is not for this device.", route: nil)
    }

    /// The message has no deliveries, as its time has not come, or it was taken back before.
    package init(unsent record: MessageRecord) {
        state = record.state.rawValue
        let beginning = Self.beginning(record.message)
        if let cancelledAt = record.cancelledAt {
            steps = beginning + [Self.step("cancelled", at: cancelledAt)]
            next = Step(at: nil, code: "none", text: "Nothing: the message was cancelled.", route: nil)
        } else {
            steps = beginning
            next = Self.step("waits.scheduled", at: record.message.sendAt)
        }
    }

    static func accepted(_ message: Message) -> Step {
        Step(at: message.acceptedAt, code: "accepted", text: "The message was accepted and is on disk.", route: nil)
    }

    private static func beginning(_ message: Message) -> [Step] {
        guard let time = message.sendAt else { return [accepted(message)] }
        return [
            accepted(message), Step(at: time, code: "scheduled", text: "It was to be sent at this time.", route: nil),
        ]
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
            case .recipients: "The device had got message \(value), which was taken back."
            }
        return Step(at: nil, code: "matched.\(audience.kind.rawValue.lowercased())", text: text, route: nil)
    }

    private static func mismatch(_ record: MessageRecord, _ device: Device) -> Step {
        let audience = record.audience
        if device.app != record.message.app { return step("unmatched.app") }
        if !device.tenant.isEmpty, device.tenant != audience.tenant { return step("unmatched.tenant") }
        if let platform = audience.platform, platform != device.platform { return step("unmatched.platform") }
        if device.registeredAt > record.message.sentFrom {
            return step("unmatched.registered_later", at: device.registeredAt)
        }
        return step(device.isActive ? "unmatched.\(audience.kind.rawValue.lowercased())" : "unmatched.inactive")
    }

    /// The step that a reason is.
    private static func step(_ code: String, at time: Timestamp? = nil) -> Step {
        Step(at: time, code: code, text: Reason(code: code)?.text ?? code, route: nil)
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
        case .expired: step("expired", at: time)
        case .cancelled: step("cancelled", at: time)
        case .failed(let reason): step("failed.\(reason)", at: time)
        }
    }

    private static func next(_ message: Message, _ state: Delivery, _ presence: Presence, _ now: Timestamp) -> Step {
        guard state.isOpen else {
            return Step(at: nil, code: "none", text: "Nothing: the delivery is done.", route: nil)
        }
        guard message.expiresAt > now else { return step("expires") }
        if state.state == .unsent, !presence.isConnected, let vendor = presence.vendor {
            return Step(
                at: message.expiresAt, code: "waits.vendor",
                text: presence.vendorProblem.map { "It waits for \(vendor.rawValue), which does not send: \($0)" }
                    ?? "It waits for \(vendor.rawValue), which has much to send or has not answered yet.",
                route: vendor.rawValue)
        }
        switch (state.state, presence.isConnected) {
        case (.unsent, false): return step("waits.offline", at: message.expiresAt)
        case (.unsent, true): return step("waits.order", at: message.expiresAt)
        case (_, false): return step("waits.reconnect", at: message.expiresAt)
        case (_, true): return step("waits.confirmation", at: message.expiresAt)
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
