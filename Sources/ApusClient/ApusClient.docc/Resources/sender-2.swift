import ApusClient

@main
struct Greeting {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4 else { fatalError("usage: greeting APP_ID APP_KEY ALIAS") }
        let server = try ServerAddress("http://127.0.0.1:8080")
        let sender = Sender(server: server, appID: arguments[1], appKey: arguments[2])

        var message = OutgoingMessage(alert: "Hello")
        message.needConfirm = true
        let id = try await sender.send(message, to: .aliases([arguments[3]]))
        print("Accepted as message \(id)")

        try await Task.sleep(for: .seconds(1))
        for delivery in try await sender.status(of: id).deliveries {
            print(delivery.deviceId, delivery.state)
        }
    }
}
