import ApusDistributor
import ArgumentParser
import Foundation

struct DistributorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus-distributor",
        abstract: "A UnifiedPush distributor for Linux: brings pushes from an XMPP account to applications over D-Bus.",
        discussion: """
            `apus-distributor login name@example.org` says which account it uses, `apus-distributor` runs it.

            Exit codes: 0 done; 1 refused or failed; 2 wrong usage or configuration; 3 no session bus, or no \
            distributor on it.
            """,
        version: "0.1.0",
        subcommands: [
            RunCommand.self, LoginCommand.self, StatusCommand.self, ListCommand.self, UnregisterCommand.self,
        ],
        defaultSubcommand: RunCommand.self)
}

/// Where the configuration and the book are.
struct PathOptions: ParsableArguments {
    @Option(help: "The configuration file. (default: apus-distributor/config.json in XDG_CONFIG_HOME or ~/.config)")
    var config: String?

    var paths: DistributorPaths { DistributorPaths(environment: ProcessInfo.processInfo.environment) }

    var file: String { config ?? paths.configuration }

    /// - Throws: `DistributorConfigurationError`.
    func configuration() throws -> DistributorConfiguration {
        try DistributorConfiguration.read(file)
    }
}

extension Encodable {
    /// The value as JSON in one line.
    func printAsJSON() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(self), as: UTF8.self))
    }
}
