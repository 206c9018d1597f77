package import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An IPv4 or IPv6 address, as a number that ranges can be compared with.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    package let isVersion6: Bool
    package let bits: UInt128

    private init(isVersion6: Bool, bits: UInt128) {
        self.isVersion6 = isVersion6
        self.bits = bits
    }

    /// Reads the usual notation (`192.0.2.1`, `2001:db8::1`), without a zone.
    /// - Returns: nil for anything else, such as a host's name.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        var bytes: [UInt8] = Array(repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self.init(isVersion6: false, bits: bytes.prefix(4).reduce(0) { $0 << 8 | UInt128($1) })
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self.init(isVersion6: true, bits: bytes.reduce(0) { $0 << 8 | UInt128($1) })
        } else {
            return nil
        }
    }

    /// The address of a peer. One that a socket for both versions shows as IPv4-mapped is the IPv4 address.
    /// - Returns: nil for the address of a Unix domain socket.
    package init?(_ address: SocketAddress) {
        guard let text = address.ipAddress, let address = IPAddress(text) else { return nil }
        self = address.unmapped
    }

    var width: Int { isVersion6 ? 128 : 32 }

    /// The IPv4 address that packets to this one end up at: IPv4-mapped (RFC 4291 §2.5.5.2), NAT64 (RFC 6052 §2.1) or
    /// 6to4 (RFC 3056 §2).
    package var embedded: IPAddress? {
        guard isVersion6 else { return nil }
        if isMapped || bits >> 32 == 0x0064_FF9B_0000_0000_0000_0000 {
            return IPAddress(isVersion6: false, bits: bits & 0xFFFF_FFFF)
        }
        guard bits >> 112 == 0x2002 else { return nil }
        return IPAddress(isVersion6: false, bits: bits >> 80 & 0xFFFF_FFFF)
    }

    private var isMapped: Bool { isVersion6 && bits >> 32 == 0xFFFF }

    /// The same address in the notation of its own version.
    package var unmapped: IPAddress {
        isMapped ? IPAddress(isVersion6: false, bits: bits & 0xFFFF_FFFF) : self
    }

    /// What one customer has of it: the address, or in IPv6 the network of 64 bits that it is in.
    package var network: IPAddress {
        isVersion6 ? IPAddress(isVersion6: true, bits: (bits >> 64) << 64) : self
    }

    package var description: String {
        let bytes = (0..<width / 8).map { UInt8(truncatingIfNeeded: bits >> (width - 8 - $0 * 8)) }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(isVersion6 ? AF_INET6 : AF_INET, bytes, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
