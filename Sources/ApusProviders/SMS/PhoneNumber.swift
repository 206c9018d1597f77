package import ApusCore

/// A telephone number: with its country code (`+8613800000000`, ITU-T E.164), or national digits alone
/// (`13800000000`), of which the service or its settings must know the country.
package struct PhoneNumber: Hashable, Sendable {
    package let digits: String
    /// Whether the digits begin with a country code.
    package let isInternational: Bool

    /// - Parameter text: may have spaces, hyphens, dots and brackets between the digits.
    /// - Throws: `ApusError` that says what is wrong with it.
    package init(_ text: String) throws(ApusError) {
        let plain = text.unicodeScalars.filter { !" -.()".unicodeScalars.contains($0) }
        isInternational = plain.first == "+"
        let digits = isInternational ? plain.dropFirst() : plain[...]
        guard digits.allSatisfy({ ("0"..."9").contains($0) }) else {
            throw Self.error("it must be digits, with a + in front if they begin with a country code")
        }
        guard (isInternational ? 7...15 : 5...15).contains(digits.count) else {
            throw Self.error("it must have 7 to 15 digits with its country code, and 5 to 15 without")
        }
        // A trunk prefix is dropped in some countries and kept in others.
        guard digits.first != "0" else {
            throw Self.error("it must not begin with 0: write it with its country code, such as +49…")
        }
        self.digits = String(String.UnicodeScalarView(digits))
    }

    /// `+` and all digits (E.164); nil if the country is not known.
    /// - Parameter countryCode: the digits of the country in which a national number is.
    package func e164(countryCode: String?) -> String? {
        if isInternational { return "+\(digits)" }
        return countryCode.map { "+\($0)\(digits)" }
    }

    private static func error(_ reason: String) -> ApusError {
        ApusError(.invalid, code: "phone_number_invalid", "This is no phone number: \(reason).")
    }
}
