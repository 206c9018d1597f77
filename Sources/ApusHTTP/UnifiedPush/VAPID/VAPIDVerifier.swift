package import ApusCore
import Crypto

/// Tells who sends to a Web Push endpoint (RFC 8292), and remembers the tokens that were good, as senders use one for
/// hours.
///
/// To be used on one event loop.
package final class VAPIDVerifier {
    private struct Verified {
        let key: String
        /// Seconds since the epoch.
        let expiresAt: Int64
    }

    /// Seconds. The second is for clocks that go differently; some libraries ask for 24 hours exactly.
    private static let longestValidity: Int64 = 24 * 3600
    private static let clockSkew: Int64 = 5 * 60
    /// Bytes. Tokens of usual libraries have about 350.
    private static let longestRemembered = 2048

    private let origin: String
    private let audiences: Set<String>
    private let capacity: Int
    /// By what stands in the headers. When the newer half is full, the older one is forgotten.
    private var newer: [String: Verified] = [:]
    private var older: [String: Verified] = [:]

    /// - Parameters:
    ///   - origins: those by which senders know this server, `https://push.example.org`, at least one.
    ///   - capacity: how many tokens are remembered.
    package init(origins: [String], capacity: Int = 4096) {
        origin = origins.first ?? ""
        audiences = Set(origins.flatMap(Self.forms))
        self.capacity = capacity
    }

    /// How many tokens are remembered.
    var remembered: Int { newer.count + older.count }

    func remembers(_ authorization: String) -> Bool { newer[authorization] != nil || older[authorization] != nil }

    /// Who sent a request.
    /// - Parameters:
    ///   - authorization: the header of that name.
    ///   - cryptoKey: the header of that name, which older senders need.
    ///   - requiredKey: the only key that may send, as base 64 for URLs without padding.
    /// - Returns: the sender's key, in the same form; nil if it does not say who it is.
    /// - Throws: `VAPIDError`.
    package func verify(
        authorization: String?, cryptoKey: String? = nil, requiredKey: String? = nil, at now: Timestamp
    ) throws(VAPIDError) -> String? {
        let key = try sender(authorization, cryptoKey, at: now.milliseconds / 1000)
        if let requiredKey {
            guard let key else { throw .missing }
            guard key == requiredKey else { throw .wrongKey }
        }
        return key
    }

    private func sender(
        _ authorization: String?, _ cryptoKey: String?, at now: Int64
    ) throws(VAPIDError) -> String? {
        guard let authorization else { return nil }
        if cryptoKey == nil, let known = try recall(authorization, at: now) { return known }
        guard let header = try VAPIDHeader(authorization: authorization, cryptoKey: cryptoKey) else { return nil }
        // Crypto-Key as a whole is another one with each message.
        let name = cryptoKey == nil ? authorization : "\(header.token)\n\(header.key)"
        if cryptoKey != nil, let known = try recall(name, at: now) { return known }
        let verified = try check(header, at: now)
        remember(verified, as: name)
        return verified.key
    }

    private func check(_ header: VAPIDHeader, at now: Int64) throws(VAPIDError) -> Verified {
        let token = try VAPIDToken(header.token)
        guard let point = Base64URL.decode(header.key.utf8.prefix { $0 != UInt8(ascii: "=") }), point.count == 65,
            let key = try? P256.Signing.PublicKey(x963Representation: point)
        else { throw .invalidKey }
        // What costs least comes first.
        guard token.audiences.contains(where: { audiences.contains($0.lowercased()) }) else {
            throw .wrongAudience(expected: origin)
        }
        guard token.expiresAt > now else { throw .expired }
        guard token.expiresAt - now <= Self.longestValidity + Self.clockSkew else { throw .expiresTooLate }
        guard token.isSigned(with: key) else { throw .wrongSignature }
        return Verified(key: Base64URL.encode(point), expiresAt: token.expiresAt)
    }

    private func recall(_ name: String, at now: Int64) throws(VAPIDError) -> String? {
        var known = newer[name]
        if known == nil, let older = older.removeValue(forKey: name) {
            remember(older, as: name)
            known = older
        }
        guard let known else { return nil }
        guard known.expiresAt > now else { throw .expired }
        return known.key
    }

    private func remember(_ verified: Verified, as name: String) {
        guard name.utf8.count <= Self.longestRemembered else { return }
        if newer.count >= capacity / 2 {
            older = newer
            newer.removeAll(keepingCapacity: true)
        }
        newer[name] = verified
    }

    /// The origin with and without its scheme's default port.
    private static func forms(of origin: String) -> [String] {
        let origin = origin.lowercased()
        for (scheme, port) in [("https://", ":443"), ("http://", ":80")] where origin.hasPrefix(scheme) {
            if origin.hasSuffix(port) { return [origin, String(origin.dropLast(port.count))] }
            let hasPort = origin.dropFirst(scheme.count).last != "]" && origin.dropFirst(scheme.count).contains(":")
            return hasPort ? [origin] : [origin, origin + port]
        }
        return [origin]
    }
}
