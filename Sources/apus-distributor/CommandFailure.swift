import ApusDistributor
import ArgumentParser

/// The exit codes, as `apus-distributor --help` documents them.
enum CommandExit: Int32 {
    case done = 0
    case refused = 1
    case wrongUsage = 2
    case unreachable = 3
}

/// Why a command did not do what it was asked to: one sentence with what to do about it, and an exit code.
struct CommandFailure: Error {
    let exit: CommandExit
    let sentence: String

    init(_ exit: CommandExit, _ sentence: String) {
        self.exit = exit
        self.sentence = sentence
    }

    /// `nil` for the errors of the argument parser, which prints them itself.
    init?(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as DistributorConfigurationError: self.init(.wrongUsage, error.description)
        case let error as DBusFailure: self.init(.unreachable, error.description)
        case let error as DistributorCallError: self.init(.unreachable, error.description)
        default:
            guard DistributorCommand.exitCode(for: error) == .failure else { return nil }
            self.init(.refused, "\(error)")
        }
    }
}
