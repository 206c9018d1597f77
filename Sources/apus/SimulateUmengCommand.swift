import ApusSimulators
import ArgumentParser

extension SimulateCommand {
    struct Umeng: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "umeng", abstract: "Stand in for Umeng's U-Push on a loopback address.",
            discussion: """
                It checks signatures, times, payloads and limits as Umeng does, and moves tasks from queued to done. \
                Tokens that begin with 40144014 or 40204020 are refused with these codes. \
                \(VendorSimulation.controlAdvice)
                """)

        @OptionGroup var simulation: VendorSimulation

        @Option(help: "The Android app: its app key and its master secret with a colon between them.")
        var android = "android-key:android-secret"

        @Option(help: "The iOS app: its app key and its master secret with a colon between them.")
        var ios = "ios-key:ios-secret"

        @Option(help: "Seconds after which a task goes on. (default: it goes on with each question for its status)")
        var taskStep: UInt32?

        func run() async throws {
            let service = UmengService(
                apps: [try app(android, .android), try app(ios, .ios)], taskStep: taskStep.map(Int64.init))
            try await simulation.run("Umeng", service)
        }

        private func app(_ text: String, _ platform: UmengApp.Platform) throws -> UmengApp {
            let (key, secret) = try VendorSimulation.pair(text, "--\(platform.rawValue)")
            return UmengApp(appKey: key, masterSecret: secret, platform: platform)
        }
    }
}
