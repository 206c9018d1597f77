/// Token and key as a sender gives them: `Authorization: vapid t=…, k=…` (RFC 8292 §3), or `Authorization: WebPush …`
/// with `Crypto-Key: p256ecdsa=…` as in drafts before it, which some senders still follow.
package struct VAPIDHeader: Equatable, Sendable {
    /// A JSON web token in its compact form.
    package let token: String
    /// A public key as base 64 for URLs, as it stands in the header.
    package let key: String

    /// - Parameters:
    ///   - authorization: the header of that name.
    ///   - cryptoKey: the header of that name.
    /// - Returns: nil if there is no authorization, or one of another scheme.
    /// - Throws: `VAPIDError.malformed` if it is of this scheme and a part of it is missing.
    package init?(authorization: String?, cryptoKey: String? = nil) throws(VAPIDError) {
        guard let authorization else { return nil }
        let text = authorization.trimmingSpaces
        let scheme = text.prefix { !$0.isSpace }
        let rest = text[scheme.endIndex...]
        switch scheme.lowercased() {
        case "vapid":
            guard let token = rest.parameter("t", separatedBy: [","]) else { throw .malformed("t is missing") }
            guard let key = rest.parameter("k", separatedBy: [","]) else { throw .malformed("k is missing") }
            (self.token, self.key) = (token, key)
        case "webpush":
            guard let key = cryptoKey.flatMap({ $0[...].parameter("p256ecdsa", separatedBy: [",", ";"]) }) else {
                throw .malformed("Crypto-Key has no p256ecdsa")
            }
            (token, self.key) = (String(rest.trimmingSpaces), key)
        default:
            return nil
        }
    }
}

extension StringProtocol where SubSequence == Substring {
    fileprivate var trimmingSpaces: Substring {
        var rest = self[...]
        while rest.first?.isSpace == true { rest.removeFirst() }
        while rest.last?.isSpace == true { rest.removeLast() }
        return rest
    }

    /// The value of `name=value` or `name="value"`; names do not depend on case. Neither tokens nor keys have a
    /// separator in them.
    fileprivate func parameter(_ name: String, separatedBy separators: Set<Character>) -> String? {
        for part in split(whereSeparator: { separators.contains($0) }) {
            guard let equals = part.firstIndex(of: "="), part[..<equals].trimmingSpaces.lowercased() == name else {
                continue
            }
            var value = part[part.index(after: equals)...].trimmingSpaces
            if value.count >= 2, value.first == "\"", value.last == "\"" { value = value.dropFirst().dropLast() }
            return value.isEmpty ? nil : String(value)
        }
        return nil
    }
}

extension Character {
    fileprivate var isSpace: Bool { self == " " || self == "\t" }
}
