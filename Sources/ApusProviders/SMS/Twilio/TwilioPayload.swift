import ApusCore

/// The form that makes a message.
struct TwilioPayload {
    let form: String

    init(_ message: SMSMessage, _ credentials: TwilioCredentials) throws(ApusError) {
        guard let number = message.receiver.e164(countryCode: credentials.countryCode) else {
            throw ApusError(
                .invalid, code: "twilio.no_country",
                "The number has no country code. Write it as +…, or set countryCode in the credential.")
        }
        var fields = [("To", number), ("Body", message.text)]
        switch credentials.sender {
        case .number(let number): fields.append(("From", number))
        case .service(let service): fields.append(("MessagingServiceSid", service))
        }
        if let url = credentials.statusCallback { fields.append(("StatusCallback", url)) }
        form = PercentEncoding.form(fields)
    }
}
