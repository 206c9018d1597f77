import ApusClient
import ArgumentParser

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "List and show devices.", subcommands: [List.self, Show.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List devices.")

        @OptionGroup var options: ClientOptions

        @Option(help: "Only devices of this app, by its id.")
        var app: String?

        @Option(help: "Only devices with this alias.")
        var alias: String?

        @Option(help: "How many at most.")
        var limit: Int?

        @Option(help: "Go on after the list that ended with this.")
        var after: String?

        func run() async throws {
            let query = [("appId", app), ("alias", alias), ("limit", limit.map(String.init)), ("after", after)]
            let answer = try await options.client().get(
                ["v1", "devices"], query: query.compactMap { name, value in value.map { (name, $0) } })
            try options.show(answer, as: DeviceListAnswer.self) { list in
                guard !list.devices.isEmpty else { return "There are no such devices." }
                var table = TextTable(header: ["ID", "APP", "ALIAS", "PLATFORM", "PRESENCE", "TAGS"])
                for device in list.devices {
                    table.add(
                        device.id, device.appId, device.alias, device.platform, device.presence,
                        (device.tags ?? []).joined(separator: ","))
                }
                return table.text + (list.next.map { "\n\nThere are more: --after \($0)" } ?? "")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one device.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The device's id.")
        var id: String

        func run() async throws {
            let answer = try await options.client().get(["v1", "devices", id])
            try options.show(answer, as: DeviceAnswer.self) { device in
                var table = TextTable()
                table.add("id", device.id)
                table.add("app", device.appId)
                table.add("alias", device.alias)
                table.add("tenant", device.tenantCode ?? "")
                table.add("platform", device.platform)
                table.add("mobile", device.mobile ?? "")
                table.add("tags", (device.tags ?? []).joined(separator: ", "))
                table.add("presence", device.presence)
                table.add("registered", device.registeredAt ?? "")
                return table.text
            }
        }
    }
}
