/// Why a text could not be read as JSON, or not as the JSON its reader asked for.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// Not JSON (RFC 8259), a lone surrogate escape, or something after the end of the value.
        case syntax
        /// A value of another type. The scanner still stands before it, so that it can be skipped.
        case wrongType(expected: JSONKind)
        /// A number, but not a whole one. The scanner still stands before it.
        case notIntegral
        /// A whole number beyond 64 bits. The scanner still stands before it.
        case outOfRange
        /// Objects and arrays nested deeper than `JSONScanner.deepestNesting`.
        case tooDeep
        /// A string whose bytes are not UTF-8.
        case invalidUTF8
    }

    package let kind: Kind
    /// Bytes from the start of the text.
    package let offset: Int

    package init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
    }

    /// A phrase to show to whoever sent the text, such as "expected a string at byte 17".
    package var description: String {
        let problem =
            switch kind {
            case .syntax: "invalid JSON"
            case .wrongType(let expected): "expected \(expected.phrase)"
            case .notIntegral: "expected an integer"
            case .outOfRange: "integer out of range"
            case .tooDeep: "nesting deeper than \(JSONScanner.deepestNesting) levels"
            case .invalidUTF8: "invalid UTF-8"
            }
        return "\(problem) at byte \(offset)"
    }
}
