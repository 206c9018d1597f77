/// All addresses with the same first bits (`10.0.0.0/8`), or a single one.
package struct AddressRange: Hashable, Sendable {
    private let isVersion6: Bool
    private let prefix: UInt128
    private let shift: Int

    /// - Returns: nil if it is neither an address nor a range in CIDR notation (RFC 4632 §3.1).
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        var length = address.width
        if parts.count == 2 {
            guard let number = Int(parts[1]), (0...address.width).contains(number) else { return nil }
            length = number
        }
        isVersion6 = address.isVersion6
        shift = address.width - length
        prefix = address.bits >> shift
    }

    package func contains(_ address: IPAddress) -> Bool {
        address.isVersion6 == isVersion6 && address.bits >> shift == prefix
    }
}
