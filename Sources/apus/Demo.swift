import ApusClient
import Foundation

/// One message from an app to a device and back, told line by line.
struct Demo {
    private let server: ServerAddress
    private let admin: APIClient

    init(server: ServerAddress, token: String?) {
        self.server = server
        admin = APIClient(server: server, credential: token.map { .adminToken($0) } ?? .none)
    }

    func run() async throws {
        let app = try await admin.post(["apps", ""], ["name": "Demo"]).decoded(as: AppAnswer.self)
        print("app       \(app.name), id \(app.id)")

        let registration = DeviceRegistration(
            appId: app.id, alias: "demo-user", platform: .pc, nativeToken: UUID().uuidString)
        let device = try await admin.register(registration)
        let connection = DeviceConnection(server: server, deviceID: device)
        try await waitUntilConnected(connection)
        print("device    \(device), alias demo-user, listens in this terminal")

        let message = try await exchange(app, connection)
        print("states    " + states(try await deliveryOnceRead(message)))
        let explanation = try await admin.get(["v1", "messages", message, "explain"], query: [("device", device)])
        print("\n" + (try explanation.decoded(as: DeliveryExplanation.self).text))

        await connection.close()
        try await admin.unregister(deviceID: device)
    }

    private func waitUntilConnected(_ connection: DeviceConnection) async throws {
        for await event in connection.events {
            if event == .connected { return }
            if case .disconnected(let closure) = event { throw CommandFailure(unreachable: server, closure) }
        }
    }

    /// Sends a message, takes it as the device, and says that it was received and read. Answers its id.
    private func exchange(_ app: AppAnswer, _ connection: DeviceConnection) async throws -> String {
        var message = OutgoingMessage(alert: "Hello from Apus")
        message.needConfirm = true
        let sender = Sender(server: server, appID: app.id, appKey: app.appKey)
        let start = ContinuousClock.now
        let id = try await sender.send(message, to: .aliases(["demo-user"]))
        print("send      \"\(message.alert)\" is accepted as message \(id)")
        for try await received in connection.messages where received.id == id {
            let elapsed = start.duration(to: .now).formatted(.units(allowed: [.milliseconds], width: .abbreviated))
            print("received  \"\(received.alert)\" by the device, \(elapsed) after the request began")
            await connection.confirm(id)
            await connection.markRead(id)
            return id
        }
        throw CommandFailure(.refused, "The device's connection ended before the message came.")
    }

    /// The delivery once its receipts are recorded: at the latest after five seconds as it is then.
    private func deliveryOnceRead(_ id: String) async throws -> (MessageStatus, MessageStatus.Delivery) {
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            let message = try await admin.get(["v1", "messages", id]).decoded(as: MessageStatus.self)
            guard let delivery = message.deliveries.first else {
                throw CommandFailure(.refused, "The server has no delivery of message \(id).")
            }
            if delivery.readAt != nil || ContinuousClock.now > deadline { return (message, delivery) }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// `sent → received 3 ms → read 5 ms`, by the server's clock, counted from when the message was accepted.
    private func states(_ result: (message: MessageStatus, delivery: MessageStatus.Delivery)) -> String {
        let steps = [("received", result.delivery.receivedAt), ("read", result.delivery.readAt)]
        let text = steps.map { name, time -> String in
            guard let elapsed = time?.timeIntervalSince(result.message.createdAt) else { return " → not \(name) yet" }
            return " → \(name) \(Int((elapsed * 1000).rounded())) ms"
        }
        return "sent" + text.joined()
    }
}
