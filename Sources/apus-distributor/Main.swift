import ArgumentParser
import Foundation

@main
enum Main {
    static func main() async {
        do {
            var command = try DistributorCommand.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(report(error).rawValue)
        }
    }

    /// Prints what an error says, and answers the exit code for it.
    private static func report(_ error: any Error) -> CommandExit {
        if let failure = CommandFailure(error) {
            printError(failure.sentence)
            return failure.exit
        }
        let text = DistributorCommand.fullMessage(for: error)
        guard DistributorCommand.exitCode(for: error) == .success else {
            printError(text)
            return .wrongUsage
        }
        print(text)
        return .done
    }
}

/// Prints a line to the standard error.
func printError(_ line: String) {
    try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
}
