/// The part of stringprep (RFC 3454) that needs no Unicode tables, and SASLprep (RFC 4013) made of it.
///
/// The normal form KC of SASLprep is missing: the standard library does not offer it and we want no dependency for it.
/// A password outside ASCII must be typed in the same form that it was set in, as keyboards in practice do. The rules
/// for text from right to left and for unassigned code points are left out too.
package enum StringPreparation {
    /// A user name or password as SASL compares it (RFC 4013 §2).
    ///
    /// - Returns: `nil` if it is empty or holds what it must not.
    package static func saslprep(_ text: String) -> String? {
        let isPrintable = text.utf8.allSatisfy { 0x20..<0x7F ~= $0 }
        if isPrintable { return text.isEmpty ? nil : text }
        var prepared = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isSpace(scalar) {
                prepared.append(" ")
            } else if !isMappedToNothing(scalar) {
                guard !isProhibited(scalar) else { return nil }
                prepared.append(scalar)
            }
        }
        return prepared.isEmpty ? nil : String(prepared)
    }

    /// RFC 3454, tables C.1.1 and C.1.2.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20, 0xA0, 0x1680, 0x2000...0x200B, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// RFC 3454, table B.1.
    static func isMappedToNothing(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xAD, 0x34F, 0x1806, 0x180B...0x180D, 0x200B...0x200D, 0x2060, 0xFE00...0xFE0F, 0xFEFF: true
        default: false
        }
    }

    /// RFC 3454, tables C.2 to C.9: control, private use, not characters, not plain text, marks of direction, tags.
    static func isProhibited(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0x340, 0x341, 0x6DD, 0x70F, 0x180E, 0x200C...0x200F: true
        case 0x2028...0x202E, 0x2060...0x2063, 0x206A...0x206F, 0x2FF0...0x2FFB: true
        case 0xE000...0xF8FF, 0xFDD0...0xFDEF, 0xFEFF, 0xFFF9...0xFFFD: true
        case 0x1D173...0x1D17A, 0xE0001, 0xE0020...0xE007F, 0xF0000...: true
        case let value: value & 0xFFFE == 0xFFFE
        }
    }
}
