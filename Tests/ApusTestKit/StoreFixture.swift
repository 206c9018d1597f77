package import ApusCore

/// Short forms for what store tests need again and again.
package struct StoreFixture {
    package let store: any MessageStore
    package let clock: ManualClock
    private var identifiers: MessageIDGenerator

    package init(_ store: any MessageStore, clock: ManualClock = ManualClock()) {
        self.store = store
        self.clock = clock
        identifiers = MessageIDGenerator(node: NodeNumber(1), last: .zero)
    }

    package func app(_ id: String = "app") throws -> App {
        var app: App?
        try store.write {
            app = try $0.insertApp(id: id, name: "An app", keyHash: SecretHash(of: "key-\(id)"), at: clock.now)
        }
        guard let app else { throw ApusError(.conflict, code: "test", "The app \(id) exists.") }
        return app
    }

    package func device(
        _ app: App, _ alias: String, token: String? = nil, platform: Platform = .android, tenant: String = "",
        tags: [String] = []
    ) throws -> Device {
        var device: Device?
        let registration = DeviceRegistration(
            app: app.number, tenant: tenant, alias: alias, platform: platform, nativeToken: token ?? "token-\(alias)",
            tags: tags)
        try store.write { device = try $0.register(registration, newID: RandomToken.hex128(), at: clock.now) }
        return device!
    }

    /// Registers so many devices at once, with the aliases d0, d1 and so on.
    package func devices(_ app: App, _ count: Int) throws -> [Device] {
        var devices: [Device] = []
        try store.write { transaction in
            for number in 0..<count {
                let registration = DeviceRegistration(
                    app: app.number, tenant: "", alias: "d\(number)", platform: .android,
                    nativeToken: "token-d\(number)", tags: [])
                devices.append(try transaction.register(registration, newID: RandomToken.hex128(), at: clock.now))
            }
        }
        return devices
    }

    package mutating func nextID() -> MessageID { identifiers.next(at: clock.now) }

    /// Accepts a message as the dispatcher does.
    package mutating func send(
        _ app: App, to audience: Audience, alert: String = "hello", confirm: Bool = false, timeToLive: Int64 = 3600,
        sendAt: Timestamp? = nil, key: String? = nil
    ) throws -> Message {
        let request = PushRequest(
            app: app.number, appID: app.id, audience: audience, content: MessageContent(alert: alert),
            needsConfirmation: confirm, timeToLive: timeToLive, sendAt: sendAt, idempotencyKey: key)
        let message = Message(request, id: identifiers.next(at: clock.now), at: clock.now)
        try store.write { transaction in
            var targets: [Target] = []
            if sendAt == nil { try transaction.resolve(audience, app: app.number, into: &targets) }
            try transaction.insert(message, request: request, targets: targets[...])
        }
        return message
    }

    package func apply(_ change: DeliveryChange) throws -> Bool {
        var changed = false
        try store.write { changed = try $0.apply(change) }
        return changed
    }

    package func delivery(_ message: Message, _ device: Device) throws -> Delivery? {
        try store.read { try $0.delivery(of: message.id, to: device.number)?.delivery }
    }

    package func pending(_ device: Device, after: MessageID = .zero, limit: Int = 100) throws -> [MessageID] {
        try store.read { try $0.pending(for: device.number, after: after, limit: limit, at: clock.now) }
            .map(\.message.id)
    }
}
