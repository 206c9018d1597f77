package import ApusCore
import NIOCore

/// A text for one phone.
package struct SMSMessage: Sendable {
    /// Bytes of the text, and of the parameters, at most.
    package static let largest = 4096

    package let receiver: PhoneNumber
    package let text: String
    /// A template that the service keeps under this code; the credential may name one for all messages.
    package let template: String?
    /// What goes into the service's template: the text of a JSON object; nil if the text alone does.
    package let parameters: String?
    /// The sender's own name for it, the same whenever it is sent again: letters, digits, dots, hyphens, underscores.
    package let id: String

    /// - Throws: `ApusError` if the text is empty, the parameters are no JSON object, the id cannot be one, or something is
    ///   too long.
    package init(
        to receiver: PhoneNumber, text: String, template: String? = nil, parameters: String? = nil, id: String
    ) throws(ApusError) {
        guard !text.isEmpty else { throw Self.error(.invalid, "An SMS needs a text.") }
        guard max(text.utf8.count, parameters?.utf8.count ?? 0) <= Self.largest else {
            throw Self.error(.tooLarge, "An SMS's text and its parameters may have \(Self.largest) bytes each.")
        }
        guard ForeignText.isID(id) else {
            throw Self.error(
                .invalid, "An SMS's id must be 1 to 64 letters, digits, dots, hyphens and underscores.")
        }
        if let parameters, !Self.isObject(parameters) {
            throw Self.error(.invalid, "The parameters of an SMS must be a JSON object.")
        }
        self.receiver = receiver
        self.text = text
        self.template = template
        self.parameters = parameters
        self.id = id
    }

    private static func isObject(_ text: String) -> Bool {
        let members: Void? = try? JSONScanner.withObject(in: ByteBuffer(string: text)) { scanner in
            while try scanner.nextKey() != nil { try scanner.skipValue() }
        }
        return members != nil
    }

    private static func error(_ kind: ApusError.Kind, _ message: String) -> ApusError {
        ApusError(kind, code: "sms_invalid", message)
    }
}
