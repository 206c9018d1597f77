import ApusCore

/// Header fields of a mail: one line where that fits, otherwise encoded words on as many lines as it takes
/// (RFC 5322 §2.2.3, RFC 2047).
struct MailHeader {
    /// Bytes of a line, without its end, that should not be exceeded.
    private static let longestLine = 76
    private static let wordStart = "=?UTF-8?B?"
    private static let wordEnd = "?="
    /// Bytes of text that fit into the base 64 of an encoded word of 75 characters.
    private static let bytesPerWord = 45

    private(set) var text = ""

    /// - Parameter field: for the error.
    /// - Throws: `ApusError` if there are control characters in it, with which somebody could add headers of their own.
    static func checked(_ value: String, of field: String) throws(ApusError) -> String {
        guard value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw ApusError(
                .invalid, code: "mail_header_invalid",
                "The \(field) of a mail must not have line breaks or other control characters.")
        }
        return value
    }

    /// A text that means nothing but itself, such as the subject (RFC 5322 §2.2.1).
    mutating func add(_ name: String, _ value: String) {
        let line = "\(name): \(value)"
        if Self.isPlain(value), line.utf8.count <= Self.longestLine {
            text += "\(line)\r\n"
        } else {
            text += Self.encoded(value, after: "\(name): ") + "\r\n"
        }
    }

    /// A value that has a form of its own, and is short.
    mutating func add(_ name: String, structured value: String) {
        text += "\(name): \(value)\r\n"
    }

    mutating func add(_ name: String, _ mailbox: MailAddress) {
        let address = "<\(mailbox.address)>"
        guard let display = mailbox.name else { return add(name, structured: address) }
        let escaped = display.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let quoted = "\(name): \"\(escaped)\""
        let phrase =
            Self.isPlain(display) && quoted.utf8.count <= Self.longestLine
            ? quoted : Self.encoded(display, after: "\(name): ")
        let lastLine = phrase.split(separator: "\r\n").last ?? ""
        let fits = lastLine.utf8.count + 1 + address.utf8.count <= Self.longestLine
        text += phrase + (fits ? " " : "\r\n ") + address + "\r\n"
    }

    /// Whether it is ASCII that nobody takes for an encoded word and whose spaces survive.
    private static func isPlain(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 < 0x80 } && !value.contains("=?") && value.first != " " && value.last != " "
    }

    /// Encoded words, each with whole characters (RFC 2047 §5), one a line.
    private static func encoded(_ value: String, after start: String) -> String {
        var words: [[UInt8]] = [[]]
        var room = (longestLine - start.utf8.count - wordStart.utf8.count - wordEnd.utf8.count) / 4 * 3
        for scalar in value.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if (words.last?.count ?? 0) + bytes.count > room {
                words.append([])
                room = bytesPerWord
            }
            words[words.count - 1] += bytes
        }
        return start + words.map { wordStart + Base64.encode($0) + wordEnd }.joined(separator: "\r\n ")
    }
}
