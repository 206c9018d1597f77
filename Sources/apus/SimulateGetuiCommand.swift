import ApusSimulators
import ArgumentParser

extension SimulateCommand {
    struct Getui: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "getui", abstract: "Stand in for Getui on a loopback address.",
            discussion: """
                It checks signatures, tokens, sizes and rates as Getui does. Client ids that begin with offline-, ignore- \
                or invalid- are of such clients. \(VendorSimulation.controlAdvice)
                """)

        @OptionGroup var simulation: VendorSimulation

        @Option(help: "The app's id.")
        var appID = "app-id"

        @Option(help: "The app: its app key and its master secret with a colon between them.")
        var app = "app-key:master-secret"

        @Option(help: "Seconds that a token is good for.")
        var tokenLifetime: UInt32 = 86_400

        @Option(help: "How many calls are taken a minute.")
        var rate = 60_000

        func run() async throws {
            let (key, secret) = try VendorSimulation.pair(app, "--app")
            let service = GetuiService(
                appID: appID, appKey: key, masterSecret: secret, tokenLifetime: Int64(tokenLifetime), rate: rate)
            try await simulation.run("Getui", service)
        }
    }
}
