import ApusSimulators
import ArgumentParser
import NIOPosix

/// What all simulators of vendors are started with.
struct VendorSimulation: ParsableArguments {
    static let controlAdvice = """
        GET and PUT /control show and change how it behaves; /control/counts and /control/accepted tell what came.
        """

    @Option(help: "The port to listen on, 0 is any free one.")
    var port = 0

    @Option(help: "How many of the last requests are kept.")
    var remember = 1000

    func start(_ service: any VendorService) async throws -> VendorSimulator {
        try await VendorSimulator.start(
            service, port: port, remembered: remember, group: MultiThreadedEventLoopGroup.singleton)
    }

    /// Runs until the process ends.
    func run(_ name: String, _ service: any VendorService) async throws {
        let simulator = try await start(service)
        print("\(name) is simulated on \(simulator.origin), its control on \(simulator.origin)/control.")
        await Self.wait()
        try await simulator.stop()
    }

    static func wait() async {
        try? await Task.sleep(for: .seconds(365 * 86_400))
    }

    /// - Returns: what is before and behind the first colon.
    static func pair(_ text: String, _ option: String) throws -> (String, String) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            throw ValidationError("\(option) must be a key and a secret with a colon between them.")
        }
        return (parts[0], parts[1])
    }
}
