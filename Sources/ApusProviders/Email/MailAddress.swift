package import ApusCore

/// A mailbox: an address and the name of who reads it (RFC 5322 §3.4). Addresses may have letters beyond ASCII (RFC 6531),
/// but no quotes and no bare IP addresses.
package struct MailAddress: Sendable, Equatable {
    package let address: String
    package let name: String?

    /// RFC 5322's `atext` beside letters and digits.
    private static let atoms = Set("!#$%&'*+-/=?^_`{|}~".utf8)

    /// - Throws: `ApusError` that says what is wrong with it.
    package init(_ address: String, name: String? = nil) throws(ApusError) {
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw Self.error(address, "it must have one @") }
        guard (1...64).contains(parts[0].utf8.count), Self.areDotted(parts[0], allow: { Self.atoms.contains($0) })
        else {
            throw Self.error(address, "what is before the @ must be 1 to 64 letters, digits and !#$%&'*+-/=?^_`{|}~")
        }
        let hasEdgeHyphen = parts[1].split(separator: ".").contains { $0.hasPrefix("-") || $0.hasSuffix("-") }
        guard (1...253).contains(parts[1].utf8.count), !hasEdgeHyphen,
            Self.areDotted(parts[1], allow: { $0 == UInt8(ascii: "-") })
        else { throw Self.error(address, "what is after the @ must be a domain") }
        self.address = address
        self.name = try name.flatMap { $0.isEmpty ? nil : $0 }.map { name throws(ApusError) in
            try MailHeader.checked(name, of: "name")
        }
    }

    var domain: Substring { address[address.index(after: address.firstIndex(of: "@") ?? address.startIndex)...] }

    /// Whether the text is letters, digits and what is allowed, with single dots inside.
    private static func areDotted(_ text: Substring, allow: @escaping (UInt8) -> Bool) -> Bool {
        let isAllowed = { (scalar: Unicode.Scalar) in
            guard let byte = UInt8(exactly: scalar.value), byte < 0x80 else {
                return scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || scalar.properties.generalCategory == .nonspacingMark
            }
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                return true
            default: return allow(byte)
            }
        }
        return text.split(separator: ".", omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && $0.unicodeScalars.allSatisfy(isAllowed) }
    }

    private static func error(_ address: String, _ reason: String) -> ApusError {
        let shown = ForeignText.line(address, limit: 100)
        return ApusError(.invalid, code: "mail_address_invalid", "\(shown) is no e-mail address: \(reason).")
    }
}
