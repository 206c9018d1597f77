package import ApusCore

/// An `https` or `http` URL to which requests are sent, taken apart strictly: what is not plainly a host, a port, a
/// path and a query is refused, so that nobody else reads it differently.
package struct WebAddress: Hashable, Sendable {
    package let isSecure: Bool
    /// In lower case; an IPv6 address stands in brackets.
    package let host: String
    package let port: Int
    /// Path and query, at least `/`.
    package let target: String

    /// Characters that RFC 3986 has no place for and that programs treat differently.
    private static let unwise = Set(#""<>\^`{|}"#.utf8)

    /// - Throws: `ApusError` that says what is wrong with it.
    package init(_ text: String) throws(ApusError) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !Self.unwise.contains($0) }) else {
            throw Self.error("it has characters that a URL must not have")
        }
        let lowercased = text.lowercased()
        isSecure = lowercased.hasPrefix("https://")
        guard isSecure || lowercased.hasPrefix("http://") else { throw Self.error("it does not begin with https://") }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        guard !rest.contains("#") else { throw Self.error("it has a fragment (#…)") }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        (host, port) = try Self.authority(rest[..<end], defaultPort: isSecure ? 443 : 80)
        target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
    }

    /// The scheme, host and port alone (RFC 6454 §6.2); the default port is left out.
    package var origin: String {
        let isDefault = port == (isSecure ? 443 : 80)
        return "\(isSecure ? "https" : "http")://\(host)\(isDefault ? "" : ":\(port)")"
    }

    package var text: String { origin + target }

    /// The host as an address, if it is one and not a name.
    package var literalAddress: IPAddress? {
        IPAddress(host.hasPrefix("[") ? host.dropFirst().dropLast() : host[...])
    }

    /// Letters, digits, hyphens and dots.
    static func isHostName(_ text: some StringProtocol) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func authority(
        _ text: Substring, defaultPort: Int
    ) throws(ApusError) -> (host: String, port: Int) {
        guard !text.contains("@") else { throw error("it has a user name") }
        let hostEnd: Substring.Index
        if text.hasPrefix("[") {
            guard let bracket = text.firstIndex(of: "]"), IPAddress(text[..<bracket].dropFirst()) != nil else {
                throw error("its host is not an IPv6 address")
            }
            hostEnd = text.index(after: bracket)
        } else {
            hostEnd = text.firstIndex(of: ":") ?? text.endIndex
            guard isHostName(text[..<hostEnd]) else { throw error("it has no host, or one that is not a name") }
        }
        let host = text[..<hostEnd].lowercased()
        guard hostEnd < text.endIndex else { return (host, defaultPort) }
        let digits = text[hostEnd...].dropFirst()
        guard text[hostEnd] == ":", digits.allSatisfy(\.isNumber), let port = Int(digits),
            (1...65_535).contains(port)
        else { throw error("its port is not a number from 1 to 65535") }
        return (host, port)
    }

    private static func error(_ reason: String) -> ApusError {
        ApusError(.invalid, code: "url_invalid", "The URL cannot be used: \(reason).")
    }
}
