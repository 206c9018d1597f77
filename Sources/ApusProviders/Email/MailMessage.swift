package import ApusCore
import NIOCore

/// A mail for one receiver: a text, and the same as HTML if there is one.
package struct MailMessage: Sendable {
    /// Bytes of the text and the HTML together, at most.
    package static let largest = 1 << 20

    package let from: MailAddress
    package let to: MailAddress
    package let subject: String
    package let text: String
    package let html: String?
    /// The sender's own name for it, the same whenever it is sent again: letters, digits, dots, hyphens, underscores.
    package let id: String

    /// - Throws: `ApusError` if something is missing, too long or would add headers.
    package init(
        from: MailAddress, to: MailAddress, subject: String, text: String, html: String? = nil, id: String
    ) throws(ApusError) {
        guard !text.isEmpty || html?.isEmpty == false else { throw Self.error(.invalid, "A mail needs a text.") }
        guard text.utf8.count + (html?.utf8.count ?? 0) <= Self.largest, subject.utf8.count <= 2000 else {
            throw Self.error(.tooLarge, "A mail may have \(Self.largest) bytes, and 2000 in its subject.")
        }
        guard ForeignText.isID(id) else {
            throw Self.error(
                .invalid, "A mail's id must be 1 to 64 letters, digits, dots, hyphens and underscores.")
        }
        self.from = from
        self.to = to
        self.subject = try MailHeader.checked(subject, of: "subject")
        self.text = text
        self.html = html
        self.id = id
    }

    /// The mail as it is sent (RFC 5322), in lines of ASCII; only addresses may be UTF-8 (RFC 6532).
    /// - Parameter boundary: of the parts; must not occur in them, which base 64 sees to.
    func encoded(at now: Timestamp, boundary: String = "=_\(RandomToken.hex128())") -> String {
        var header = MailHeader()
        header.add("From", from)
        header.add("To", to)
        header.add("Subject", subject)
        header.add("Date", structured: MailDate.text(now))
        header.add("Message-ID", structured: "<\(id)@\(from.domain)>")
        // So that nobody's holiday notice answers it (RFC 3834 §5).
        header.add("Auto-Submitted", structured: "auto-generated")
        header.add("MIME-Version", structured: "1.0")
        guard let html else { return header.text + Self.part(text, type: "plain") }
        guard !text.isEmpty else { return header.text + Self.part(html, type: "html") }
        header.add("Content-Type", structured: "multipart/alternative;\r\n boundary=\"\(boundary)\"")
        let parts = [Self.part(text, type: "plain"), Self.part(html, type: "html")]
        return header.text + "\r\n" + parts.map { "--\(boundary)\r\n\($0)" }.joined() + "--\(boundary)--\r\n"
    }

    private static func part(_ text: String, type: String) -> String {
        var header = MailHeader()
        header.add("Content-Type", structured: "text/\(type); charset=utf-8")
        header.add("Content-Transfer-Encoding", structured: "base64")
        return header.text + "\r\n" + lines(text)
    }

    /// Base 64 in lines of 76 (RFC 2045 §6.8). Whatever ends a line in the text is CRLF in it.
    private static func lines(_ text: String) -> String {
        let canonical = text.split(omittingEmptySubsequences: false) { $0 == "\r\n" || $0 == "\n" || $0 == "\r" }
            .joined(separator: "\r\n")
        var rest = Base64.encode(Array(canonical.utf8))[...]
        var lines = ""
        while !rest.isEmpty {
            lines += rest.prefix(76) + "\r\n"
            rest = rest.dropFirst(76)
        }
        return lines
    }

    private static func error(_ kind: ApusError.Kind, _ message: String) -> ApusError {
        ApusError(kind, code: "mail_invalid", message)
    }
}
