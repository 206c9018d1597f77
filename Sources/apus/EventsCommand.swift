import ApusClient
import ArgumentParser

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Show what happens to messages, as it happens.",
        discussion: "Without --follow, what the journal holds is shown, from --after on or from its beginning.")

    @OptionGroup var reader: MessageCommand.Reader

    @Option(help: "Only events of this app. An app's key needs it.")
    var app: String?

    @Option(help: "Only events of this device.")
    var device: String?

    @Option(help: "Only events of this message.")
    var message: String?

    @Option(
        help: "Only these: accepted, unsent, sent, received, read, expired, failed or cancelled, separated by commas.")
    var state: String?

    @Option(help: "Begin behind the event with this id; 0 is the oldest. (default: with --follow, now)")
    var after: String?

    @Flag(help: "Go on with what happens from now on, until Ctrl-C.")
    var follow = false

    func run() async throws {
        let client = try reader.client()
        var query = [("app", app), ("device", device), ("message", message), ("state", state)]
            .compactMap { name, value in value.map { (name, $0) } }
        query.append(("follow", String(follow)))
        var last = after ?? (follow ? nil : "0")
        var wasConnected = false
        repeat {
            do {
                try await client.follow(["v1", "events"], query: query, after: last) { event in
                    wasConnected = true
                    last = event.id
                    try show(event)
                }
            } catch let error as UnreachableError where wasConnected {
                printError("Disconnected: \(error.reason). Trying again.")
            }
            if follow { try await ContinuousClock().sleep(for: .seconds(3)) }
        } while follow
    }

    private func show(_ event: ServerSentEvent) throws {
        switch event.name {
        case "message":
            guard !reader.options.json else { return print(event.data) }
            print(try event.decoded(as: EventAnswer.self).line)
        case "gap":
            let gap = try event.decoded(as: GapAnswer.self)
            printError("Events \(gap.from) to \(gap.to) are missing (\(gap.reason)).")
        default:
            break
        }
    }
}

struct EventAnswer: Decodable {
    let id: String
    let at: String
    let message: String
    let app: String
    let device: String?
    let alias: String?
    let state: String
    let reason: String?
    let route: String?
    let deliveries: Int?

    var line: String {
        let whose = device.map { "\($0)  \(alias ?? "")" } ?? "\(deliveries ?? 0) deliveries"
        let how = reason ?? route
        let state = state.padding(toWidth: 9)
        return "\(id)  \(at)  \(state)  \(message)  \(whose)" + (how.map { "  \($0)" } ?? "")
    }
}

struct GapAnswer: Decodable {
    let from: String
    let to: String
    let reason: String
}

extension String {
    fileprivate func padding(toWidth width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
