import ApusDistributor
import ArgumentParser
import Logging

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Distribute until told to stop (Ctrl-C, SIGTERM).")

    @OptionGroup var options: PathOptions

    @Option(
        help: "trace, debug, info, notice, warning, error or critical.",
        transform: { text in
            guard let level = Logger.Level(rawValue: text) else { throw ValidationError("There is no level \(text).") }
            return level
        })
    var logLevel = Logger.Level.info

    func run() async throws {
        try await DistributorMain.run(options.configuration(), paths: options.paths, logLevel: logLevel)
    }
}
