import ApusClient
import ArgumentParser

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask a server whether it is well.",
        discussion: """
            Exit code 0: it is; 4: it answers that it is not, and why; 3: it does not answer. For a container's health \
            check or a monitor.
            """)

    @OptionGroup var options: ClientOptions

    @Flag(help: "Ask also whether it can take messages and store them.")
    var ready = false

    private struct Answer: Decodable {
        let status: String
    }

    func run() async throws {
        do {
            let answer = try await options.client().get([ready ? "readyz" : "healthz"])
            try options.show(answer, as: Answer.self) { "\((try? options.address())?.description ?? ""): \($0.status)" }
        } catch let error as APIError {
            if options.json { print(error.text) }
            throw CommandFailure(.problemFound, "It is not well: " + error.message)
        }
    }
}
