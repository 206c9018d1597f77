/// Text from outside, made fit for where it goes.
enum ForeignText {
    /// On one line, and no more of it than fits into an explanation.
    static func line(_ text: String, limit: Int = 300) -> String {
        let scalars = text.unicodeScalars.prefix(limit).filter { $0.value >= 0x20 && $0.value != 0x7F }
        return String(String.UnicodeScalarView(scalars))
    }

    /// A line to be followed by a full stop, which it may have had already.
    static func phrase(_ text: String) -> String {
        let line = line(text)
        return line.hasSuffix(".") ? String(line.dropLast()) : line
    }

    /// Whether it can name a message: 1 to 64 letters, digits, dots, hyphens and underscores.
    static func isID(_ text: String) -> Bool {
        !text.isEmpty && code(text) == text
    }

    /// The letters, digits, dots, hyphens and underscores of it, for a part of a code.
    static func code(_ text: String) -> String {
        String(text.prefix(64).filter { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) })
    }
}
