import ApusCore

/// A webhook's credential as it is stored: `url` and a secret `key`, with which requests are signed; `body` is a template
/// of JSON with `"{{id}}"`, `"{{to}}"`, `"{{text}}"` and `"{{template}}"`, and `{{{parameters}}}`, which is an object.
struct WebhookCredentials {
    let url: WebAddress
    let key: String
    let body: MessageTemplate

    private static let usualBody =
        #"{"id":"{{id}}","to":"{{to}}","text":"{{text}}","template":"{{template}}","parameters":{{{parameters}}}}"#
    private static let shortestKey = 16

    init(_ credential: Credential) throws(ApusError) {
        let fields = try CredentialFields(
            credential, of: .webhookSMS, settings: ["url", "body"], secrets: ["key"],
            errorCode: "sms_credential_invalid")
        _ = try fields.required("url", "The webhook's URL")
        url = try fields.address("url", default: "")
        key = try fields.required("key", "The key that signs requests")
        guard key.utf8.count >= Self.shortestKey else {
            throw fields.error("key", "The key must have at least \(Self.shortestKey) characters.")
        }
        do throws(ApusError) {
            body = try MessageTemplate(fields["body"] ?? Self.usualBody, format: .json)
            _ = try WebhookPayload.body(.sample(), body)
        } catch {
            throw fields.error("body", "The body cannot be used: \(error.message)")
        }
    }
}

extension SMSMessage {
    /// With texts that need to be escaped.
    fileprivate static func sample() throws(ApusError) -> SMSMessage {
        try SMSMessage(
            to: PhoneNumber("+8613800000000"), text: "\"Hello\"\n", template: "T", parameters: #"{"code":"1"}"#, id: "1"
        )
    }
}
