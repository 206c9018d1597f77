import ApusClient
import ApusServer
import ArgumentParser

/// The exit codes of all commands.
enum CommandExit: Int32, CaseIterable {
    case done = 0
    case refused = 1
    case wrongUsage = 2
    case unreachable = 3
    case problemFound = 4

    private var meaning: String {
        switch self {
        case .done: "done"
        case .refused: "refused or failed"
        case .wrongUsage: "wrong usage or configuration"
        case .unreachable: "the server cannot be reached"
        case .problemFound: "what was checked is not as it should be"
        }
    }

    /// As `apus --help` documents them.
    static var summary: String { allCases.map { "\($0.rawValue) \($0.meaning)" }.joined(separator: "; ") }
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
        case let failure as CommandFailure:
            self = failure
        case let error as ConfigurationError:
            self.init(.wrongUsage, error.description)
        case let error as AddressError:
            self.init(.wrongUsage, error.description)
        case let error as UnreachableError:
            self.init(.unreachable, error.description + " Start it with `apus serve`, or name another by --server.")
        case let error as APIError:
            self.init(.refused, "The server refused: " + error.message + Self.advice(error))
        case let error as DeviceConnectionError:
            self.init(.refused, error.description)
        case let error as UnexpectedAnswerError:
            self.init(.refused, error.description + " Check that an Apus of this version is there.")
        default:
            guard ApusCommand.exitCode(for: error) == .failure else { return nil }
            self.init(.refused, "\(error)")
        }
    }

    private static func advice(_ error: APIError) -> String {
        switch error.status {
        case 401, 403: " Check the token or key: --token or APUS_ADMIN_TOKEN, --key or APUS_APP_KEY."
        case 429, 503: error.retryAfter.map { " Try again in \($0) s." } ?? " Try again later."
        default: ""
        }
    }
}
