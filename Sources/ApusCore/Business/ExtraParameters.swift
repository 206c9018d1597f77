import NIOCore

/// `extra_params_string` of a push: a JSON object as text, which says what a tap opens.
package struct ExtraParameters: Sendable, Equatable {
    /// The object as it came; nil if there is none.
    package let text: String?
    /// Its member `url`.
    package let url: String?

    /// - Throws: `ApusError` if it is anything but a JSON object.
    package init(_ text: String?) throws(ApusError) {
        guard let text, !text.trimmed.isEmpty else {
            self.text = nil
            url = nil
            return
        }
        self.text = text
        do {
            url = try JSONScanner.withObject(in: ByteBuffer(string: text)) { scanner in
                var url: String?
                while let key = try scanner.nextKey() {
                    if key.string == "url", try scanner.kind() == .string {
                        url = try scanner.string()
                    } else {
                        try scanner.skipValue()
                    }
                }
                return url
            }
        } catch {
            throw ApusError(
                .invalid, code: "invalid_extra_params", "extra_params_string must be a JSON object: \(error).")
        }
    }
}
