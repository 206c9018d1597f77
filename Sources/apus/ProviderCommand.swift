import ApusClient
import ArgumentParser

struct ProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provider", abstract: "Try a vendor's push service.", subcommands: [Test.self])

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a test message to one device and print what the vendor answers.")

        @OptionGroup var options: ClientOptions

        @Option(help: "The app's id.")
        var app: String

        @Option(help: "The device's token at the vendor.")
        var deviceToken: String

        @Option(help: "The vendor.")
        var provider = "apns"

        @Option(
            help: "The device's platform, for vendors that keep platforms apart. (default: ios for apns, or android)")
        var platform: String?

        func run() async throws {
            let body = CredentialBody(appId: app, provider: provider, token: deviceToken, platform: platform)
            let answer = try await options.client().post(["v1", "providers", "test"], body)
            try options.show(answer, as: ProviderTestAnswer.self) { "\($0.code): \($0.detail)" }
            let result: ProviderTestAnswer = try answer.decoded()
            if !result.accepted { throw CommandFailure(.refused, "The vendor did not accept it.") }
        }
    }
}
