import ApusSimulators
import ArgumentParser
import NIOPosix

extension SimulateCommand {
    struct SMTP: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "smtp", abstract: "Stand in for a mail server on a loopback address, without TLS.",
            discussion: """
                Addresses that begin with a reply and a hyphen, such as 550-ann@example.org, have that reply. \
                \(VendorSimulation.controlAdvice)
                """)

        @Option(help: "The port to listen on, 0 is any free one.")
        var port = 0

        @Option(help: "The port of the control interface, 0 is any free one.")
        var controlPort = 0

        @Option(help: "Who must authenticate: a name and a password with a colon between them. (default: nobody)")
        var user: String?

        @Option(help: "How many bytes a message may have.")
        var size = 10 * 1024 * 1024

        func run() async throws {
            var settings = SMTPSettings()
            settings.sizeLimit = size
            if let user {
                let (name, password) = try VendorSimulation.pair(user, "--user")
                (settings.user, settings.password) = (name, password)
            }
            let simulator = try await SMTPSimulator.start(
                settings, port: port, controlPort: controlPort, group: MultiThreadedEventLoopGroup.singleton)
            print(
                """
                SMTP is simulated on 127.0.0.1:\(simulator.port), its control on \(simulator.control.origin)/control.
                """)
            await VendorSimulation.wait()
            try await simulator.stop()
        }
    }
}
