import ApusCore
import ApusStore
import Foundation

enum StoreBenchmarks {
    private static let devices = 10_000
    private static let content = MessageContent(
        alert: "bench", extra: "\"\(String(repeating: "x", count: 300))\"")

    static func run() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = try SQLiteMessageStore(directory: directory)
        let (app, numbers) = try fill(store)
        var identifiers = MessageIDGenerator(node: NodeNumber(0), last: .zero)
        var sent: [MessageID] = []

        try measure("store: durable send, 1,000 in a commit", count: 1000) {
            try store.write { transaction in
                for index in 0..<1000 {
                    sent.append(
                        try send(Audience(.alias, ["d\(index)"]), app, transaction, &identifiers, confirm: true))
                }
            }
        }
        try measure("store: receipt, 1,000 in a commit", count: 1000) {
            try confirm(Array(zip(sent.suffix(1000), numbers)), store)
            sent.removeLast(1000)
        }
        var broadcasts: [MessageID] = []
        try measure("store: fan-out to 10,000, a row", count: devices) {
            try store.write { transaction in
                broadcasts.append(try send(Audience(.all), app, transaction, &identifiers, confirm: false))
            }
        }
        try measure("store: fan-out recorded as sent, a row", count: devices) {
            let message = broadcasts.removeLast()
            let now = SystemClock().now
            try store.write { transaction in
                for start in stride(from: 0, to: devices, by: 256) {
                    let chunk = numbers[start..<min(start + 256, devices)]
                    use(
                        try transaction.apply(
                            SentGroup(message: message, route: .webSocket, at: now, devices: Array(chunk))))
                }
            }
        }
        var unconfirmed = numbers[...]
        var broadcast = MessageID.zero
        try store.write { broadcast = try send(Audience(.all), app, $0, &identifiers, confirm: true) }
        try measure("store: receipt of a broadcast, 1,000 in a commit", count: 1000) {
            try confirm(unconfirmed.prefix(1000).map { (broadcast, $0) }, store)
            unconfirmed.removeFirst(1000)
        }
        try measure("store: what is pending for a device", count: 1000) {
            try store.read { snapshot in
                for number in numbers.prefix(1000) {
                    use(try snapshot.pending(for: number, after: .zero, limit: 64, at: SystemClock().now))
                }
            }
        }
        try store.close()
    }

    private static func confirm(_ deliveries: [(MessageID, DeviceNumber)], _ store: SQLiteMessageStore) throws {
        try store.write { transaction in
            for (message, device) in deliveries {
                var change = DeliveryChange.sent(message, device, .webSocket, at: SystemClock().now)
                change.receivedAt = change.sentAt
                try transaction.apply(change)
            }
        }
    }

    static func fill(
        _ store: SQLiteMessageStore, _ name: String = "bench", devices: Int = devices
    ) throws -> (App, [DeviceNumber]) {
        var app: App?
        var numbers: [DeviceNumber] = []
        try store.write { transaction in
            let now = SystemClock().now
            app = try transaction.insertApp(id: name, name: name, keyHash: SecretHash(of: "key"), at: now)
            for index in 0..<devices {
                let registration = DeviceRegistration(
                    app: app!.number, alias: "d\(index)", platform: .android, nativeToken: "t\(index)")
                numbers.append(try transaction.register(registration, newID: RandomToken.hex128(), at: now).number)
            }
        }
        return (app!, numbers)
    }

    static func send(
        _ audience: Audience, _ app: App, _ transaction: any StoreTransaction,
        _ identifiers: inout MessageIDGenerator, confirm: Bool
    ) throws -> MessageID {
        let now = SystemClock().now
        let request = PushRequest(
            app: app.number, appID: app.id, audience: audience, content: content, needsConfirmation: confirm,
            timeToLive: 3600)
        let message = Message(
            id: identifiers.next(at: now), app: app.number, appID: app.id, tenant: "", content: content,
            needsConfirmation: confirm, expiresAt: now.adding(seconds: 3600))
        var targets: [Target] = []
        try transaction.resolve(audience, app: app.number, into: &targets)
        try transaction.insert(message, request: request, targets: targets[...])
        return message.id
    }
}
