/// A reply of a mail server (RFC 5321 §4.2): `250 2.0.0 Ok: queued as 4F2`.
struct SMTPReply: Equatable, Sendable {
    let code: Int
    let text: String

    /// The last line of a reply, or a line before it (`250-…`).
    /// - Returns: nil if it is none.
    init?(line: String) {
        let digits = line.utf8.prefix(3)
        guard digits.count == 3, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let code = Int(String(decoding: digits, as: UTF8.self)), (200...599).contains(code)
        else { return nil }
        self.code = code
        let rest = String(decoding: line.utf8.dropFirst(4), as: UTF8.self)
        text = ForeignText.phrase(rest).trimmingPrefix { $0 == " " }.description
    }

    var isRefusal: Bool { code >= 400 }
}
