import ApusSimulators
import ArgumentParser
import Foundation
import NIOCore
import NIOPosix

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Run a stand-in for a vendor, for tests and demonstrations.",
        subcommands: [APNs.self, Umeng.self, JPush.self, Getui.self, FCM.self, SMS.self, SMTP.self])

    struct APNs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "apns", abstract: "Stand in for Apple's push service on a loopback address.",
            discussion: """
                It checks tokens, topics, headers and sizes as Apple does. Without --p8 it makes a key. \
                GET and PUT http://127.0.0.1:<control port>/control show and change how it behaves; /counts and \
                /accepted tell what came.
                """)

        @Option(help: "The port to listen on, 0 is any free one.")
        var port = 0

        @Option(help: "The port of the control interface, 0 is any free one.")
        var controlPort = 0

        @Option(help: "The directory for ca.pem and a key that is made.")
        var directory = "."

        @Option(help: "The key that provider tokens are signed with: a .p8 file. (default: one is made)")
        var p8: String?

        @Option(help: "The key's id.")
        var keyID = "ABCDE12345"

        @Option(help: "The team's id.")
        var teamID = "TEAM123456"

        @Option(help: "The bundle id of an app; may be repeated.")
        var topic: [String] = ["com.example.app"]

        @Option(help: "A client certificate that is accepted, a PEM file; may be repeated.")
        var client: [String] = []

        @Option(help: "How many different provider tokens of the team are taken within 20 minutes.")
        var tokenUpdates = 3

        @Option(help: "A file to which each accepted notification is appended as a line of JSON.")
        var accepted: String?

        func run() async throws {
            let keyFile = p8 ?? directory + "/AuthKey_\(keyID).p8"
            if p8 == nil { try SimulatedKey.write(to: keyFile) }
            var configuration = APNsSimulatorConfiguration()
            configuration.port = port
            configuration.controlPort = controlPort
            configuration.certificateDirectory = directory
            configuration.acceptedFile = accepted
            configuration.tokenUpdateLimit = tokenUpdates
            let pem = String(decoding: try InputFile.read(keyFile), as: UTF8.self)
            configuration.teams = [
                APNsTeam(id: teamID, keys: [try APNsSigningKey(id: keyID, pem: pem)], bundleIDs: Set(topic))
            ]
            configuration.certificates = try client.map {
                try APNsClientCertificate(pem: String(decoding: try InputFile.read($0), as: UTF8.self))
            }
            let simulator = try await APNsSimulator.start(configuration, group: MultiThreadedEventLoopGroup.singleton)
            print(
                """
                APNs is simulated on 127.0.0.1:\(simulator.port), its control on http://127.0.0.1:\(simulator.controlPort ?? 0).
                Let an app of a server use it:

                    apus credential add apns --app APP_ID --topic \(topic[0]) --p8 \(keyFile) --key-id \(keyID) \\
                      --team-id \(teamID) --host 127.0.0.1 --port \(simulator.port) --apns-ca \(directory)/ca.pem
                """)
            try? await Task.sleep(for: .seconds(365 * 86_400))
            try await simulator.stop()
        }
    }
}
