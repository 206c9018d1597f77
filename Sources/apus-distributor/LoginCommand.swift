import ApusDistributor
import ArgumentParser
import Foundation

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Say which account the distributor uses, and check that it works.",
        discussion: "Without --password-file the password is asked for.")

    @OptionGroup var options: PathOptions

    @Argument(help: "The account, as in name@example.org. Best is one of the distributor's own.")
    var account: String

    @Option(help: "Where the server runs. (default: the host of the account's domain)")
    var host: String?

    @Option(help: "The server's port for clients. (default: 5222)")
    var port: Int?

    @Option(help: "The gateway's address. (default: one that the server offers)")
    var gateway: String?

    @Option(help: "A PEM file of the certificates that vouch for the server's. (default: those of the system)")
    var ca: String?

    @Option(
        help: ArgumentHelp("A file with the password in its first line, - is the standard input.", valueName: "file"))
    var passwordFile: String?

    @Flag(help: "Make the account first.")
    var register = false

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    private struct Outcome: Encodable {
        let account: String
        let configuration: String
        let gateway: String?
        let gatewayProtocol: String?
    }

    func run() async throws {
        var configuration = DistributorConfiguration(account: account, password: try password())
        configuration.host = host
        configuration.port = port
        configuration.gateway = gateway
        configuration.ca = ca.map { URL(filePath: $0).absoluteURL.path(percentEncoded: false) }
        // What login does not ask about stays as it is.
        configuration.name = (try? options.configuration())?.name
        if register { try await Login.register(configuration) }
        let found = try await Login.check(configuration)
        try configuration.write(options.file)
        if json {
            let outcome = Outcome(
                account: account, configuration: options.file, gateway: found?.description,
                gatewayProtocol: found?.dialect.namespace)
            return try outcome.printAsJSON()
        }
        print("\(account) can log in. This is in \(options.file) now.")
        print(
            found.map { "Endpoints come from the gateway \($0)." }
                ?? "The server offers no gateway: applications get no endpoints until --gateway names one.")
        print("Start the distributor by `systemctl --user restart apus-distributor`.")
    }

    private func password() throws -> String {
        switch passwordFile {
        case "-"?: return readLine() ?? ""
        case let file?:
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
                throw CommandFailure(.wrongUsage, "\(file) cannot be read.")
            }
            return text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        case nil:
            guard let text = getpass("Password of \(account): ") else {
                throw CommandFailure(.wrongUsage, "There is no terminal to ask for the password. Use --password-file.")
            }
            return String(cString: text)
        }
    }
}
