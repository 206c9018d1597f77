/// Gateways for short messages, on one port: Aliyun's at `/`, Twilio's at its own path, a signed webhook at `/webhook`.
package final class SMSService: VendorService {
    package let initialRules = TwilioGateway.rules

    private let aliyun: AliyunGateway
    private let twilio: TwilioGateway
    private let webhook: WebhookGateway

    package init(_ account: SMSAccount) {
        aliyun = AliyunGateway(keyID: account.aliyunKeyID, secret: account.aliyunSecret)
        twilio = TwilioGateway(accountSID: account.twilioSID, authToken: account.twilioToken)
        webhook = WebhookGateway(secret: account.webhookSecret)
    }

    package func refusal(_ code: String) -> VendorAnswer? {
        AliyunGateway.refusal(code) ?? TwilioGateway.refusal(code) ?? WebhookGateway.refusal(code)
    }

    package func answer(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer {
        if request.path == "/" { return try aliyun.send(request, context) }
        if request.path.hasPrefix("/2010-04-01/") { return try twilio.send(request, context) }
        if request.path == WebhookGateway.path { return try webhook.send(request, context) }
        return VendorAnswer(status: 404)
    }
}
