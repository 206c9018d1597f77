import ApusClient
import Foundation

// An alarm: it goes to all devices of an alias and says who has confirmed it. After the time it is taken back from those
// that have not, and the program says why they have not.
//
//     APUS_APP_KEY=… example-alarm APP_ID ALIAS SECONDS TEXT

@main
struct Alarm {
    static func main() async throws {
        let environment = ProcessInfo.processInfo.environment
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let seconds = Int(arguments[3]), let appKey = environment["APUS_APP_KEY"] else {
            fatalError("usage: APUS_APP_KEY=… example-alarm APP_ID ALIAS SECONDS TEXT")
        }
        let server = try ServerAddress(environment["APUS_SERVER"] ?? "http://127.0.0.1:8080")
        let sender = Sender(server: server, appID: arguments[1], appKey: appKey)

        var alarm = OutgoingMessage(alert: arguments[4])
        alarm.needConfirm = true
        alarm.duration = seconds
        let id = try await sender.send(alarm, to: .aliases([arguments[2]]))

        var waiting = try await sender.status(of: id).deliveries
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !waiting.isEmpty, .now < deadline {
            try await Task.sleep(for: .milliseconds(500))
            let deliveries = try await sender.status(of: id).deliveries
            for delivery in deliveries where delivery.receivedAt != nil {
                guard waiting.contains(where: { $0.deviceId == delivery.deviceId }) else { continue }
                print("\(delivery.deviceId) has confirmed")
            }
            waiting = deliveries.filter { $0.receivedAt == nil }
        }

        guard !waiting.isEmpty else { return }
        _ = try await sender.cancel(id)
        for delivery in waiting {
            let steps = try await sender.explain(id, deviceID: delivery.deviceId).steps
            print("\(delivery.deviceId) has not confirmed: \(steps.last?.text ?? delivery.state)")
        }
    }
}
