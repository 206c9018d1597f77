import ApusCore
import Crypto

/// The parameters of a `SendSms` request and their signature (Aliyun RPC signature, version 1.0).
struct AliyunPayload {
    private let parameters: [String: String]

    /// - Parameter nonce: never the same twice.
    init(
        _ message: SMSMessage, _ credentials: AliyunCredentials, nonce: String, at now: Timestamp
    ) throws(ApusError) {
        guard let template = message.template ?? credentials.templateCode else {
            throw ApusError(
                .invalid, code: "aliyun.no_template",
                "Aliyun sends only approved templates: name one in the message, or in the credential (templateCode).")
        }
        parameters = [
            "AccessKeyId": credentials.accessKeyID,
            "Action": "SendSms",
            "Format": "JSON",
            "OutId": message.id,
            "PhoneNumbers": Self.number(message.receiver),
            "RegionId": credentials.region,
            "SignName": credentials.signName,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": nonce,
            "SignatureVersion": "1.0",
            "TemplateCode": template,
            "TemplateParam": message.parameters ?? Self.object([credentials.templateParameter: message.text]),
            // Whole seconds: 2024-01-01T00:00:00Z
            "Timestamp": "\(now.rfc3339.prefix(19))Z",
            "Version": "2017-05-25",
        ]
    }

    init(parameters: [String: String]) {
        self.parameters = parameters
    }

    /// The parameters as a form, the signature among them.
    func signed(for method: String, secret: String) -> String {
        "\(sorted)&Signature=\(PercentEncoding.encode(signature(for: method, secret: secret)))"
    }

    func signature(for method: String, secret: String) -> String {
        let text = "\(method)&%2F&\(PercentEncoding.encode(sorted))"
        let key = SymmetricKey(data: Array("\(secret)&".utf8))
        return Base64.encode(Array(HMAC<Insecure.SHA1>.authenticationCode(for: Array(text.utf8), using: key)))
    }

    private var sorted: String {
        PercentEncoding.form(parameters.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0, $1) })
    }

    /// Mainland numbers are told by being bare; all others begin with their country code, without the `+`.
    private static func number(_ number: PhoneNumber) -> String {
        number.isInternational && number.digits.hasPrefix("86") && number.digits.count == 13
            ? String(number.digits.dropFirst(2)) : number.digits
    }

    private static func object(_ members: [String: String]) -> String {
        var object = JSONMembers()
        for (name, value) in members { object[name] = value }
        return object.text
    }
}
