import ApusDistributor
import ArgumentParser

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say how the running distributor is.")

    @OptionGroup var options: PathOptions

    @Flag(help: "Print the status as JSON.")
    var json = false

    func run() async throws {
        let distributor = try options.runningDistributor()
        defer { distributor.close() }
        guard let status = try await distributor.status() else {
            throw CommandFailure(
                .unreachable, "The distributor does not run. Start it by `systemctl --user start apus-distributor`.")
        }
        if json { return try status.printAsJSON() }
        print(
            """
            account        \(status.account), \(status.connected ? "connected" : "not connected")
            gateway        \(status.gateway.isEmpty ? "-" : "\(status.gateway) (\(status.gatewayProtocol))")
            registrations  \(status.registrations)
            pushes         \(status.received) received, \(status.delivered) delivered, \(status.waiting) waiting
            """)
        if status.foreign > 0 { print("refused        \(status.foreign), which were not from the gateway") }
        if !status.problem.isEmpty { print("problem        \(status.problem)") }
    }
}

extension PathOptions {
    /// The distributor of this configuration, or of the usual name if there is none.
    func runningDistributor() throws -> RunningDistributor {
        let name = (try? configuration().busName) ?? .distributor
        return try RunningDistributor(name: name)
    }
}
