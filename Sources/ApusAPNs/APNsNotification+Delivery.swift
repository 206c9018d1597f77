import ApusCore
import NIOCore

extension APNsNotification {
    /// The notification of a delivery. Its `apns-id` is made of message and device, so that it is the same whenever it is
    /// sent.
    init(_ delivery: VendorDelivery, token: String, bundleID: String) throws(ApusError) {
        let message = delivery.message
        let options = try APNsOptions(message.content.apns)
        let payload: ByteBuffer
        if let own = options.payload {
            payload = ByteBuffer(string: own)
        } else {
            payload = try APNsPayload(message).encoded()
        }
        let priority =
            if let priority = options.priority { priority } else { try Self.priority(message, options, payload) }
        try self.init(
            deviceToken: token, bundleID: bundleID, payload: payload, pushType: options.pushType,
            topic: options.topic, priority: priority,
            expiration: options.isUndelayed ? .undelayed : .at(message.expiresAt),
            collapseID: options.collapseID ?? (message.content.push == nil ? message.content.collapseKey : nil),
            id: Self.id(of: delivery.key))
    }

    /// What the message's urgency is to APNs, which takes no urgent ones that show nothing.
    private static func priority(
        _ message: Message, _ options: APNsOptions, _ payload: ByteBuffer
    ) throws(ApusError) -> APNsPriority? {
        guard let urgency = message.content.urgency else { return nil }
        let type = if let type = options.pushType { type } else { try APNsPushType(ofPayload: payload) }
        switch urgency {
        case .high: return type == .background ? .considerate : .immediate
        case .normal: return .considerate
        case .low, .veryLow: return .passive
        }
    }

    private static func id(of key: DeliveryKey) -> String {
        let digits = { (value: Int64) -> [Character] in
            let text = String(UInt64(bitPattern: value), radix: 16)
            return Array(String(repeating: "0", count: 16 - text.count) + text)
        }
        let all = digits(key.message.rawValue) + digits(key.device.rawValue)
        return [all[0..<8], all[8..<12], all[12..<16], all[16..<20], all[20..<32]].map { String($0) }
            .joined(separator: "-")
    }
}

extension APNsPayload {
    /// What an app's own code finds beside `aps`: the message's id, so that it can confirm it, and its data. A command
    /// wakes the app and shows nothing.
    init(_ message: Message) {
        let content = message.content
        switch content.kind {
        case .message:
            let title = content.title.map { APNsText.verbatim($0) }
            self.init(alert: APNsAlert(title: title, body: .verbatim(content.alert)))
            badge = content.badge
            sound = content.sound.map { $0 == "default" ? .standard : .named($0) }
        case .command:
            self = .silent
            if let push = content.push {
                // Its bytes may be too many: the app fetches them by connecting.
                custom.append(Custom("endpoint", string: push.registration))
            } else if let recalled = content.recalls {
                custom.append(Custom("recall", string: recalled.description))
            } else {
                custom.append(Custom("command", string: content.alert))
            }
        }
        custom.append(Custom("id", string: message.id.description))
        if let uri = content.uri { custom.append(Custom("uri", string: uri)) }
        if let extra = content.extra { custom.append(Custom("extra", json: extra)) }
    }
}
