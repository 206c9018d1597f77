import ApusClient
import Foundation

// A sender: it reads lines of an alias, a tab and a text, sends each text to its alias, and prints the message's id.
// However many lines there are, few requests are made.
//
//     printf 'ann\tHello, Ann\nbob\tHello, Bob\n' | APUS_APP_KEY=… example-sender APP_ID

@main
struct SenderExample {
    static func main() async throws {
        let environment = ProcessInfo.processInfo.environment
        guard CommandLine.arguments.count == 2, let appKey = environment["APUS_APP_KEY"] else {
            fatalError("usage: APUS_APP_KEY=… example-sender APP_ID")
        }
        let server = try ServerAddress(environment["APUS_SERVER"] ?? "http://127.0.0.1:8080")
        let sender = Sender(server: server, appID: CommandLine.arguments[1], appKey: appKey)

        await withTaskGroup(of: Void.self) { group in
            var underWay = 0
            while let line = readLine() {
                // No more at one time than the sender lets wait.
                if underWay == 1000 { await group.next() } else { underWay += 1 }
                group.addTask { await send(line, with: sender) }
            }
        }
    }

    private static func send(_ line: String, with sender: Sender) async {
        let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return print("\(line): not an alias, a tab and a text") }
        do {
            print(parts[0], try await sender.send(OutgoingMessage(alert: parts[1]), to: .aliases([parts[0]])))
        } catch {
            print("\(parts[0]): \(error)")
        }
    }
}
