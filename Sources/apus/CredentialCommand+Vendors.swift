import ApusClient
import ApusProviders
import ArgumentParser
import Foundation

extension CredentialCommand {
    struct WebPush: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "webpush", abstract: "Let an app send to browsers and to whoever else subscribes.",
            discussion: "Pages subscribe with the public key that it prints.")

        @OptionGroup var options: ClientOptions

        @Option(help: "The app's id.")
        var app: String

        @Option(help: "Whom push services can ask: mailto:you@example.org or an https URL.")
        var subject: String

        @Option(help: "The private key, or a PEM file with it. (default: a new pair is made)")
        var privateKey: String?

        func run() async throws {
            let key =
                try privateKey.map { key in
                    FileManager.default.fileExists(atPath: key)
                        ? String(decoding: try InputFile.read(key), as: UTF8.self) : key
                } ?? VAPIDKeys.make().privateKey
            let body = CredentialBody(
                appId: app, provider: "webpush", settings: ["subject": subject], secret: ["privateKey": key])
            let answer = try await options.client().post(["v1", "credentials"], body)
            try options.show(answer, as: CredentialAnswer.self) { credential in
                "\(credential.text)\nPages subscribe with the public key \(credential.settings["publicKey"] ?? "")"
            }
        }
    }

    /// Any vendor, in its own words.
    struct Vendor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "vendor", abstract: "Let an app send through a vendor.",
            discussion: "Settings and secrets are JSON objects of texts; the guide has those of each vendor.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The vendor, such as umeng.")
        var vendor: String

        @Option(help: "The app's id.")
        var app: String

        @Option(help: "What may be shown, as a JSON object.")
        var settings = "{}"

        @Option(help: "A file with what may not, as a JSON object.")
        var secretFile: String

        func run() async throws {
            let body = CredentialBody(
                appId: app, provider: vendor, settings: try members(Data(settings.utf8), "--settings"),
                secret: try members(try InputFile.read(secretFile), secretFile))
            let answer = try await options.client().post(["v1", "credentials"], body)
            try options.show(answer, as: CredentialAnswer.self) { $0.text }
        }

        private func members(_ data: Data, _ name: String) throws -> [String: String] {
            guard let members = try? JSONDecoder().decode([String: String].self, from: data) else {
                throw CommandFailure(
                    .wrongUsage, "\(name) must be a JSON object of texts, such as {\"appKey\":\"…\"}.")
            }
            return members
        }
    }
}
