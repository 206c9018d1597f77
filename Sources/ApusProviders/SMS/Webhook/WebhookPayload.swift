import ApusCore
import Crypto
import NIOCore

/// A webhook's body and its signature.
enum WebhookPayload {
    /// - Throws: `ApusError` if the template does not make JSON.
    static func body(_ message: SMSMessage, _ template: MessageTemplate) throws(ApusError) -> String {
        let number = message.receiver
        var values = JSONMembers()
        values["id"] = message.id
        values["to"] = (number.isInternational ? "+" : "") + number.digits
        values["text"] = message.text
        values["template"] = message.template ?? ""
        values["parameters"] = message.parameters ?? "{}"
        let body = try template.render(TemplateParameters(values.text), missing: .areErrors)
        let isJSON: Void? = try? JSONScanner.withValue(in: ByteBuffer(string: body)) { try $0.skipValue() }
        guard isJSON != nil else {
            throw ApusError(.invalid, code: "webhook.body_invalid", "The template for the body does not make JSON.")
        }
        return body
    }

    /// `sha256=` and the digits of an HMAC over the time, a dot and the body.
    static func signature(of body: String, timestamp: String, key: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("\(timestamp).\(body)".utf8), using: SymmetricKey(data: Array(key.utf8)))
        return "sha256=\(Hex.encode(code))"
    }
}
