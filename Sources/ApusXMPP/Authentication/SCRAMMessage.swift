import ApusCore

/// The text of SCRAM messages (RFC 5802 §7): attributes of one letter, with commas between them.
enum SCRAMMessage {
    /// Longer messages than any honest peer sends are not looked at.
    static let longest = 4096

    /// - Returns: the attributes in their order; `nil` if one has no letter or no `=`.
    static func attributes(_ text: Substring) -> [(name: Character, value: Substring)]? {
        var attributes: [(name: Character, value: Substring)] = []
        for part in fields(text) {
            guard let letter = part.utf8.first, 0x41...0x5A ~= letter & 0xDF,
                part.utf8.dropFirst().first == UInt8(ascii: "=")
            else { return nil }
            attributes.append((Character(Unicode.Scalar(letter)), Substring(part.utf8.dropFirst(2))))
        }
        return attributes
    }

    /// What is between the commas. By bytes, as a combining accent would make the comma another `Character`.
    static func fields(_ text: Substring, maxSplits: Int = .max) -> [Substring] {
        text.utf8.split(separator: UInt8(ascii: ","), maxSplits: maxSplits, omittingEmptySubsequences: false)
            .map { Substring($0) }
    }

    static func text(_ bytes: [UInt8]) -> String? {
        guard bytes.count <= longest, !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// A name with `,` and `=` written as `=2C` and `=3D`.
    static func escaped(_ name: String) -> String {
        name.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case ",": text += "=2C"
            case "=": text += "=3D"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// - Returns: `nil` if there is another `=` in it.
    static func unescaped(_ text: Substring) -> String? {
        var name = String.UnicodeScalarView()
        var rest = text.unicodeScalars
        while let scalar = rest.popFirst() {
            guard scalar == "=" else {
                name.append(scalar)
                continue
            }
            switch Substring(rest.prefix(2)) {
            case "2C": name.append(",")
            case "3D": name.append("=")
            default: return nil
            }
            rest = rest.dropFirst(2)
        }
        return String(name)
    }

    /// Whether it is printable ASCII without a comma, and not empty.
    static func isNonce(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: ",") }
    }

    /// 144 random bits.
    static func randomNonce() -> String {
        var generator = SystemRandomNumberGenerator()
        return Base64.encode((0..<18).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}
