import ApusSimulators
import ArgumentParser

extension SimulateCommand {
    struct SMS: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "sms", abstract: "Stand in for gateways of short messages on a loopback address.",
            discussion: """
                Aliyun's SendSms is at /, Twilio's Messages at their path, a signed webhook at /webhook. Twilio's magic \
                numbers do what they do there. \(VendorSimulation.controlAdvice)
                """)

        @OptionGroup var simulation: VendorSimulation

        @Option(help: "Aliyun's access key: its id and its secret with a colon between them.")
        var aliyun = "testId:testSecret"

        @Option(help: "Twilio's account: its SID and its token with a colon between them.")
        var twilio = "AC00000000000000000000000000000000:token"

        @Option(help: "The secret of the signed webhook.")
        var webhookSecret = "secret"

        func run() async throws {
            var account = SMSAccount()
            (account.aliyunKeyID, account.aliyunSecret) = try VendorSimulation.pair(aliyun, "--aliyun")
            (account.twilioSID, account.twilioToken) = try VendorSimulation.pair(twilio, "--twilio")
            account.webhookSecret = webhookSecret
            try await simulation.run("SMS", SMSService(account))
        }
    }
}
