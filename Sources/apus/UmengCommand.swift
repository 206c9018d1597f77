import ApusClient
import ArgumentParser

struct UmengCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "umeng", abstract: "Send messages whose devices Umeng finds by itself.",
        discussion: "What becomes of single devices is not known then, only how the job stands.",
        subcommands: [Broadcast.self, Groupcast.self, Customizedcast.self, Status.self, Cancel.self])

    /// What is sent, and by which of the app's two credentials.
    struct Content: ParsableArguments {
        @OptionGroup var options: ClientOptions

        @Option(help: "The app's id.")
        var app: String

        @Option(help: "android or ios, which are two apps at Umeng.")
        var platform: String

        @Argument(help: "The text that is shown.")
        var alert: String

        @Option(help: "A headline.")
        var title: String?

        @Option(help: "What a tap opens.")
        var uri: String?

        @Option(help: "Data for the app, a JSON object.", transform: SendCommand.json)
        var extra: JSONValue?

        @Option(help: "For how many seconds it may wait for its devices.")
        var duration: Int?

        @Option(help: "A name of your own for it: what was sent under this name is not sent again.")
        var requestID: String?

        fileprivate func send(
            _ type: String, filter: JSONValue? = nil, aliasType: String? = nil, aliases: [String]? = nil
        ) async throws {
            let body = Body(
                appId: app, type: type, platform: platform, filter: filter, aliasType: aliasType, aliases: aliases,
                title: title, alert: alert, uri: uri, extra: extra, duration: duration, requestId: requestID)
            let answer = try await options.client().post(["v1", "umeng", "jobs"], body)
            try options.show(answer, as: JobAnswer.self) { $0.text }
        }
    }

    private struct Body: Encodable {
        let appId: String
        let type: String
        let platform: String
        let filter: JSONValue?
        let aliasType: String?
        let aliases: [String]?
        let title: String?
        let alert: String
        let uri: String?
        let extra: JSONValue?
        let duration: Int?
        let requestId: String?
    }

    struct Broadcast: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Send a message to all devices, ten a day.")

        @OptionGroup var content: Content

        func run() async throws { try await content.send("broadcast") }
    }

    struct Groupcast: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a message to the devices that a filter finds, five a minute.")

        @OptionGroup var content: Content

        @Option(
            help: "Umeng's filter, such as {\"where\":{\"and\":[{\"tag\":\"vip\"}]}}.", transform: SendCommand.json)
        var filter: JSONValue

        func run() async throws { try await content.send("groupcast", filter: filter) }
    }

    struct Customizedcast: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a message to the devices with these aliases. Umeng tells nothing more of it.")

        @OptionGroup var content: Content

        @Option(help: "The type that the app gave the aliases.")
        var aliasType: String

        @Option(name: .customLong("to"), help: "Aliases, up to 500, with commas between them.")
        var aliases: String

        func run() async throws {
            try await content.send(
                "customizedcast", aliasType: aliasType, aliases: aliases.split(separator: ",").map(String.init))
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ask Umeng how a job stands.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The message's id.")
        var message: String

        func run() async throws {
            let answer = try await options.client().get(["v1", "umeng", "jobs", message])
            try options.show(answer, as: JobAnswer.self) { $0.text }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Cancel a job that is not done.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The message's id.")
        var message: String

        func run() async throws {
            let answer = try await options.client().delete(["v1", "umeng", "jobs", message])
            try options.show(answer, as: JobAnswer.self) { $0.text }
        }
    }
}

struct JobAnswer: Decodable {
    let messageId: String
    let taskId: String
    let result: String
    let status: String
    let response: String
    let final: Bool

    /// Umeng's words for the states of a job.
    private static let states = [
        "0": "queued", "1": "sending", "2": "done", "3": "failed", "4": "cancelled", "5": "expired",
        "6": "nobody found", "7": "scheduled",
    ]

    var text: String {
        let state = Self.states[status] ?? (status.isEmpty ? result : status)
        return "Message \(messageId) is job \(taskId): \(state).\n\(response)"
    }
}
