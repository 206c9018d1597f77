import ApusServer
import ArgumentParser

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the server until it is told to stop (Ctrl-C, SIGTERM).")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let options = options
        try await ServerMain.run(options.load(), banner: true) { try options.load() }
    }
}
