package import ApusCore

/// The proxies that are believed when they say whom they speak for. Nobody else is.
package struct TrustedProxies: Sendable {
    private let ranges: [AddressRange]

    package init(_ ranges: [AddressRange] = []) {
        self.ranges = ranges
    }

    /// Who sent a request that came from `peer`.
    ///
    /// Each proxy adds at the right whom it got the request from, so the last one there that is no trusted proxy is the
    /// client; what stands before it may be anybody's invention. A proxy writes `Forwarded` (RFC 7239) or
    /// `X-Forwarded-For` and may pass the other one on unseen: if both are there and differ, neither is believed.
    package func client(_ headers: HTTPWireHeaders, from peer: IPAddress?) -> IPAddress? {
        guard let peer, isTrusted(peer) else { return peer }
        let usual = headers.all("x-forwarded-for").flatMap { $0.split(separator: ",") }.map(Self.address)
        let standard = headers.all("forwarded").flatMap { $0.split(separator: ",") }.map(Self.forwarded)
        let found = (usual.isEmpty ? nil : client(usual, peer), standard.isEmpty ? nil : client(standard, peer))
        switch found {
        case (let one?, let other?): return one == other ? one : peer
        case (let only?, nil), (nil, let only?): return only
        case (nil, nil): return peer
        }
    }

    /// Whether a request that came from `peer` was encrypted on its way to the proxy; nil if no proxy says so.
    package func isSecure(_ headers: HTTPWireHeaders, from peer: IPAddress?) -> Bool? {
        guard let peer, isTrusted(peer), let scheme = headers.all("x-forwarded-proto").last else { return nil }
        return scheme.split(separator: ",").last?.trimmed.lowercased() == "https"
    }

    private func isTrusted(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }

    /// - Parameter hops: from the client to the last proxy but one; nil for what is no address.
    private func client(_ hops: [IPAddress?], _ peer: IPAddress) -> IPAddress {
        var client = peer
        for hop in hops.reversed() {
            guard let hop else { break }
            client = hop
            if !isTrusted(hop) { break }
        }
        return client
    }

    /// The `for` of one element of `Forwarded`.
    private static func forwarded(_ element: Substring) -> IPAddress? {
        for pair in element.split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].trimmed.lowercased() == "for" else { continue }
            return address(parts[1].trimmed.filter { $0 != "\"" }[...])
        }
        return nil
    }

    /// An address that may have a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
    private static func address(_ text: Substring) -> IPAddress? {
        let text = text.trimmed
        if text.hasPrefix("[") {
            return text.firstIndex(of: "]").flatMap { IPAddress(text[..<$0].dropFirst())?.unmapped }
        }
        let host = text.count { $0 == ":" } == 1 ? text.prefix { $0 != ":" } : text[...]
        return IPAddress(host)?.unmapped
    }
}
