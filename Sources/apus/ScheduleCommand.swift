import ApusClient
import ArgumentParser

struct ScheduleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Notify users at a chosen time, once or again and again.",
        subcommands: [List.self, Add.self, Cancel.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the schedules, the latest first.")

        @OptionGroup var options: ClientOptions

        @Option(help: "How many at most.")
        var limit = 100

        @Option(help: "Only those before this id.")
        var before: Int64?

        func run() async throws {
            let query = [("limit", String(limit))] + (before.map { [("before", String($0))] } ?? [])
            let answer = try await options.client().get(["v1", "schedules"], query: query)
            try options.show(answer, as: ScheduleListAnswer.self) { list in
                guard !list.schedules.isEmpty else { return "There are no schedules." }
                var table = TextTable(header: ["ID", "STATE", "NEXT", "CRON", "MODE", "RECEIVERS", "TEXT"])
                for schedule in list.schedules {
                    table.add(
                        String(schedule.id), schedule.state, schedule.next ?? "", schedule.cron ?? "", schedule.mode,
                        schedule.receivers, schedule.title.isEmpty ? schedule.content : schedule.title)
                }
                return table.text + (list.next.map { "\n\nThere are more: --before \($0)" } ?? "")
            }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a schedule. Without --at and --cron it is acted on at once.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The text.")
        var content: String

        @Option(name: .customLong("to"), help: "User numbers, with commas between them.")
        var receivers: String

        @Option(help: "A headline.")
        var title: String?

        @Option(help: "push, sms or email.")
        var mode = "push"

        @Option(help: "How urgent it is: 1 to 10, which is the most.")
        var level = 1

        @Option(help: "When: 2026-12-01T08:00:00+01:00, or 2026-12-01 08:00 in the time zone.")
        var at: String?

        @Option(help: "When it recurs: minute, hour, day of the month, month, day of the week.")
        var cron: String?

        @Option(help: "The time zone of --at and --cron, such as Asia/Shanghai. (default: UTC)")
        var timeZone: String?

        @Option(
            help: "What a tap opens, a JSON object such as {\"type\":\"kpi\",\"url\":\"…\"}.",
            transform: SendCommand.json)
        var extra: JSONValue?

        @Option(help: "The app's id. (default: the one that business.app names)")
        var app: String?

        private struct Body: Encodable {
            let appId: String?
            let title: String?
            let content: String
            let mode: String
            let level: Int
            let receivers: String
            let sendAt: String?
            let cron: String?
            let timeZone: String?
            let extra: JSONValue?
        }

        func run() async throws {
            let body = Body(
                appId: app, title: title, content: content, mode: mode, level: level, receivers: receivers,
                sendAt: at, cron: cron, timeZone: timeZone, extra: extra)
            let answer = try await options.client().post(["v1", "schedules"], body)
            try options.show(answer, as: ScheduleAnswer.self) { schedule in
                "Schedule \(schedule.id), next at \(schedule.next ?? "no time")."
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Cancel what has not come yet of a schedule.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The schedule's id, as `apus schedule list` shows it.")
        var id: Int64

        func run() async throws {
            _ = try await options.client().delete(["v1", "schedules", String(id)])
            options.showDone("The schedule was cancelled.")
        }
    }
}

struct ScheduleAnswer: Decodable {
    let id: Int64
    let state: String
    let next: String?
    let cron: String?
    let mode: String
    let receivers: String
    let title: String
    let content: String
}

struct ScheduleListAnswer: Decodable {
    let schedules: [ScheduleAnswer]
    let next: Int64?
}
