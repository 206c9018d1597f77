import ApusSimulators
import ArgumentParser
import Foundation

extension SimulateCommand {
    struct FCM: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "fcm", abstract: "Stand in for Firebase Cloud Messaging on a loopback address.",
            discussion: """
                It makes a service account, gives access tokens for what that has signed, and checks messages as FCM \
                does. Tokens that begin with an error code and a hyphen, such as UNREGISTERED-1, have that error. \
                \(VendorSimulation.controlAdvice)
                """)

        @OptionGroup var simulation: VendorSimulation

        @Option(help: "The project's id.")
        var project = "demo"

        @Option(help: "The file for the service account; it is written anew.")
        var serviceAccount = "service-account.json"

        @Option(help: "Seconds that an access token is good for.")
        var tokenLifetime: UInt32 = 3599

        @Option(help: "How many messages are taken a minute.")
        var rate = 600_000

        func run() async throws {
            let account = try ServiceAccount(projectID: project)
            let simulator = try await simulation.start(
                FCMService(account, tokenLifetime: Int64(tokenLifetime), rate: rate))
            do {
                try account.json(tokenURI: simulator.origin + FCMService.tokenPath)
                    .write(toFile: serviceAccount, atomically: true, encoding: .utf8)
            } catch {
                throw ValidationError("The service account cannot be written to \(serviceAccount).")
            }
            print(
                """
                FCM is simulated on \(simulator.origin), its control on \(simulator.origin)/control.
                Its service account is in \(serviceAccount).
                """)
            await VendorSimulation.wait()
            try await simulator.stop()
        }
    }
}
