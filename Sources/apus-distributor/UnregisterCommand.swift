import ApusDistributor
import ArgumentParser

struct UnregisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unregister", abstract: "End a registration. The application is told.")

    @OptionGroup var options: PathOptions

    @Argument(help: "The registration's token, as `apus-distributor list` shows it.")
    var token: String

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    func run() async throws {
        let distributor = try options.runningDistributor()
        defer { distributor.close() }
        guard try await distributor.unregister(appToken: token) else {
            throw CommandFailure(.refused, "There is no registration \(token). `apus-distributor list` shows them.")
        }
        if json { try ["unregistered": token].printAsJSON() } else { print("\(token) was unregistered.") }
    }
}
