package import ApusCore

/// Which addresses may be connected to when somebody else chose the destination, as a device does with its push
/// service. What is not reached through the public internet is refused, or else anybody could make the server send
/// requests to its own network.
package struct AddressPolicy: Sendable {
    /// Special-purpose addresses (IANA registries, RFC 6890), and what they are for whoever reads the refusal.
    private static let refused: [(range: AddressRange, name: String)] = [
        ("0.0.0.0/8", "unspecified"), ("10.0.0.0/8", "private"), ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"), ("169.254.0.0/16", "link-local"), ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"), ("192.0.2.0/24", "documentation"), ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"), ("198.18.0.0/15", "benchmarking"), ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"), ("224.0.0.0/4", "multicast"), ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"), ("::1/128", "loopback"), ("2001:db8::/32", "documentation"),
        ("2001::/23", "reserved"), ("3fff::/20", "documentation"), ("fc00::/7", "unique local"),
        ("fe80::/10", "link-local"), ("fec0::/10", "site-local"), ("ff00::/8", "multicast"),
    ].compactMap { text, name in AddressRange(text).map { ($0, name) } }
    /// The only part of IPv6 that is given out (RFC 4291 §2.4).
    private static let globalUnicast = AddressRange("2000::/3")

    private var ranges: [AddressRange] = []
    private var hosts: Set<String> = []

    /// Public addresses only.
    package init() {}

    /// - Parameter exceptions: addresses, ranges (`10.0.0.0/8`) and names of hosts that are allowed all the same; a
    ///   host whatever its addresses are.
    /// - Throws: `ApusError` that names the exception that is none of these.
    package init(allowing exceptions: [String]) throws(ApusError) {
        for exception in exceptions {
            if let range = AddressRange(exception) {
                ranges.append(range)
            } else if WebAddress.isHostName(exception) {
                hosts.insert(exception.lowercased())
            } else {
                throw ApusError(
                    .invalid, code: "address_invalid",
                    "\(exception) is no address, no range such as 10.0.0.0/8 and no name of a host.")
            }
        }
    }

    /// Whether the host is allowed whatever its addresses are.
    package func allowsHost(_ host: String) -> Bool { hosts.contains(host) }

    /// Why the address must not be connected to; nil if it may be.
    package func refusal(of address: IPAddress) -> String? {
        let final = address.embedded ?? address
        guard !ranges.contains(where: { $0.contains(address) || $0.contains(final) }) else { return nil }
        if let (_, name) = Self.refused.first(where: { $0.range.contains(final) }) {
            return "its address is \(name)"
        }
        guard final.isVersion6, Self.globalUnicast?.contains(final) != true else { return nil }
        return "its address is not public"
    }
}
