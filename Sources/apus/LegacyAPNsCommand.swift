import ApusClient
import ArgumentParser
import Foundation

struct LegacyAPNsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "legacy-apns", abstract: "Programs that speak Apple's old binary protocol.",
        subcommands: [ClientCommand.self])

    struct ClientCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "client", abstract: "Which programs may connect, by their certificates.",
            subcommands: [Add.self])
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a program send for an app.",
            discussion: """
                The certificate that it shows may be the one that Apple issued years ago: its date does not matter. \
                `apus credential list` shows the clients, `apus credential remove --provider legacy-apns` removes one.
                """)

        @OptionGroup var options: ClientOptions

        @Option(help: "The id of the app that the program sends for.")
        var app: String

        @Option(help: "The program's certificate, a PEM file; a key in it is not sent.")
        var certificate: String

        func run() async throws {
            let pem = String(decoding: try InputFile.read(certificate), as: UTF8.self)
            guard let start = pem.range(of: "-----BEGIN CERTIFICATE-----"),
                let end = pem.range(of: "-----END CERTIFICATE-----", range: start.upperBound..<pem.endIndex)
            else {
                throw CommandFailure(
                    .wrongUsage, "There is no certificate in \(certificate): it must be a PEM file.")
            }
            let text = String(pem[start.lowerBound..<end.upperBound])
            let body = CredentialBody(appId: app, provider: "legacy-apns", settings: ["certificate": text])
            let answer = try await options.client().post(["v1", "credentials"], body)
            try options.show(answer, as: CredentialAnswer.self) { $0.text }
        }
    }
}
