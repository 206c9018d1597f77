import ApusSimulators
import ArgumentParser

extension SimulateCommand {
    struct JPush: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "jpush", abstract: "Stand in for JPush on a loopback address.",
            discussion: """
                It checks credentials, audiences, sizes and rates as JPush does. Registration ids that begin with 1011- \
                are of devices that are gone, those with 1003- are invalid. \(VendorSimulation.controlAdvice)
                """)

        @OptionGroup var simulation: VendorSimulation

        @Option(help: "The app: its app key and its master secret with a colon between them.")
        var app = "app-key:master-secret"

        @Option(help: "How many pushes are taken a minute.")
        var rate = 600

        func run() async throws {
            let (key, secret) = try VendorSimulation.pair(app, "--app")
            try await simulation.run("JPush", JPushService(appKey: key, masterSecret: secret, rate: rate))
        }
    }
}
