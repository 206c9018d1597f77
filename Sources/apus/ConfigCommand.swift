import ApusServer
import ArgumentParser

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check and show the configuration that `apus serve` would use.",
        subcommands: [Check.self, Show.self, Example.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say what is wrong, if anything is.")

        @OptionGroup var options: ConfigurationOptions

        func run() throws {
            let configuration = try options.load()
            let count = configuration.origins.count
            print("The configuration is right. \(count) of \(ConfigurationKey.all.count) keys are set.")
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every key with its value and where that comes from. Secrets are hidden.")

        @OptionGroup var options: ConfigurationOptions

        func run() throws {
            var table = TextTable(header: ["KEY", "VALUE", "FROM"])
            for setting in try options.load().settings {
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
