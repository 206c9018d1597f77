import ApusCore

/// A Twilio credential as it is stored: `accountSid`, and `from`, a number, or `messagingServiceSid`, with a secret
/// `authToken`; `countryCode` for numbers that have none, `statusCallback`, a URL, and for a stand-in `endpoint`.
struct TwilioCredentials {
    enum Sender {
        case number(String)
        case service(String)
    }

    let sender: Sender
    let countryCode: String?
    let statusCallback: String?
    /// Where messages are made.
    let messages: WebAddress
    let authorization: String

    init(_ credential: Credential) throws(ApusError) {
        let fields = try CredentialFields(
            credential, of: .twilioSMS,
            settings: ["accountSid", "from", "messagingServiceSid", "countryCode", "statusCallback", "endpoint"],
            secrets: ["authToken"], errorCode: "sms_credential_invalid")
        let account = try fields.required("accountSid", "The account's SID")
        guard ForeignText.isID(account), !account.contains(".") else {
            throw fields.error("accountSid", "The account's SID must be letters and digits.")
        }
        let token = try fields.required("authToken", "The account's token")
        authorization = "Basic \(Base64.encode(Array("\(account):\(token)".utf8)))"
        switch (fields["from"], fields["messagingServiceSid"]) {
        case (let number?, nil): sender = .number(number)
        case (nil, let service?): sender = .service(service)
        default: throw fields.error("from", "Either from or messagingServiceSid is needed, and not both.")
        }
        countryCode = fields["countryCode"].map { $0.hasPrefix("+") ? String($0.dropFirst()) : $0 }
        guard countryCode.map({ (1...3).contains($0.utf8.count) && Int($0) != nil }) ?? true else {
            throw fields.error("countryCode", "The country code must be one to three digits, such as 86.")
        }
        statusCallback = try fields["statusCallback"].map { text throws(ApusError) in
            try fields.address("statusCallback", default: text).text
        }
        let endpoint = try fields.address("endpoint", default: "https://api.twilio.com")
        messages = try WebAddress("\(endpoint.origin)/2010-04-01/Accounts/\(account)/Messages.json")
    }
}
