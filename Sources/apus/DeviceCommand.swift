import ApusClient
import ArgumentParser

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "Find, show, tag and delete devices.",
        subcommands: [List.self, Show.self, Tag.self, Delete.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List devices: all, or those that match everything that is given.", aliases: ["search"])

        @OptionGroup var options: ClientOptions

        @Option(help: "Only devices of this app, by its id.")
        var app: String?

        @Option(help: "Only devices with this alias.")
        var alias: String?

        @Option(help: "Only devices with this tag.")
        var tag: String?

        @Option(help: "Only devices of this platform: ANDROID, IOS, PC or WEB.")
        var platform: String?

        @Option(help: "Only devices of this tenant.")
        var tenant: String?

        @Flag(help: "Only devices that are connected now.")
        var connected = false

        @Option(help: "How many at most.")
        var limit: Int?

        @Option(help: "Go on after the list that ended with this.")
        var after: String?

        func run() async throws {
            let query = [
                ("appId", app), ("alias", alias), ("tag", tag), ("platform", platform), ("tenantCode", tenant),
                ("connected", connected ? "true" : nil), ("limit", limit.map(String.init)), ("after", after),
            ]
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
            try options.show(answer, as: DeviceAnswer.self, \.text)
        }
    }

    struct Tag: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change a device's tags.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The device's id.")
        var id: String

        @Option(help: "Give it this tag.")
        var add: [String] = []

        @Option(help: "Take this tag from it.")
        var remove: [String] = []

        @Option(help: "Give it this tag, in place of all that it has.")
        var set: [String] = []

        @Flag(help: "Take all tags from it.")
        var clear = false

        private struct Changes: Encodable {
            let add: [String]
            let remove: [String]
        }

        func validate() throws {
            let replaces = !set.isEmpty || clear
            guard replaces != !(add.isEmpty && remove.isEmpty), !(clear && !set.isEmpty) else {
                throw ValidationError("Say what changes: by --add and --remove, or by --set, or by --clear.")
            }
        }

        func run() async throws {
            let client = try options.client()
            let path = ["v1", "devices", id, "tags"]
            let answer =
                add.isEmpty && remove.isEmpty
                ? try await client.put(path, ["tags": set])
                : try await client.post(path, Changes(add: add, remove: remove))
            try options.show(answer, as: DeviceAnswer.self, \.text)
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Unregister a device for good and forget whose it was.",
            discussion: "What is open for it fails. It can register again, as a new device.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The device's id.")
        var id: String

        func run() async throws {
            _ = try await options.client().delete(["v1", "devices", id])
            options.showDone("The device was deleted.")
        }
    }
}
