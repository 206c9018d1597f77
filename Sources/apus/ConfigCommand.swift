import ApusServer
import ArgumentParser

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check and show the configuration that `apus serve` would use.",
        subcommands: [Check.self, Show.self, Example.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say what is wrong, if anything is.")

        @OptionGroup var options: ConfigurationOptions

        @Flag(help: "Print JSON.")
        var json = false

        private struct Answer: Encodable {
            let ok: Bool
            let problems: [String]
        }

        func run() throws {
            do {
                let count = try options.load().origins.count
                print(
                    json
                        ? try JSONText.of(Answer(ok: true, problems: []))
                        : "The configuration is right. \(count) of \(ConfigurationKey.all.count) keys are set.")
            } catch let error as ConfigurationError where json {
                print(try JSONText.of(Answer(ok: false, problems: error.problems)))
                throw error
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every key with its value and where that comes from. Secrets are hidden.")

        @OptionGroup var options: ConfigurationOptions

        @Flag(help: "Print JSON.")
        var json = false

        private struct Setting: Encodable {
            let key: String
            let value: String
            let from: String
        }

        func run() throws {
            let settings = try options.load().settings
            if json {
                return print(
                    try JSONText.of(
                        settings.map { Setting(key: $0.name, value: $0.value, from: $0.origin.description) }))
            }
            var table = TextTable(header: ["KEY", "VALUE", "FROM"])
            for setting in settings {
                table.add(setting.name, setting.value, setting.origin.description)
            }
            print(table.text)
        }
    }

    struct Example: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a configuration file with every key, its default and what it means.")

        func run() {
            print(Configuration.exampleFile, terminator: "")
        }
    }
}
