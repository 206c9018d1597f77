/// With what a sender proves who it is, at each of the gateways.
package struct SMSAccount: Sendable, Equatable {
    /// Aliyun's `AccessKeyId` and its secret.
    package var aliyunKeyID = "testId"
    package var aliyunSecret = "testSecret"
    /// Twilio's account and its token.
    package var twilioSID = "AC00000000000000000000000000000000"
    package var twilioToken = "token"
    /// The secret of the signed webhook.
    package var webhookSecret = "secret"

    package init() {}
}
