/// The address of an account, a connected client or a service: `node@domain/resource` (RFC 7622 §3).
///
/// A pragmatic form of nodeprep and resourceprep (RFC 6122): node and domain are put in lower case, characters that
/// stringprep maps to nothing are dropped, and what must not occur is refused. Compatibility forms are not folded (NFKC
/// needs tables the standard library does not offer), so two ways to write a non-ASCII name may be two accounts.
package struct JID: Hashable, Sendable {
    /// Bytes of each part (RFC 7622 §3.1).
    private static let longestPart = 1023

    package let node: String?
    package let domain: String
    package let resource: String?

    /// Parses an address.
    ///
    /// - Throws: `jid-malformed`.
    package init(_ text: String) throws(StanzaError) {
        let slash = text.utf8.firstIndex(of: UInt8(ascii: "/"))
        let bare = text[..<(slash ?? text.endIndex)]
        let at = bare.utf8.firstIndex(of: UInt8(ascii: "@"))
        try self.init(
            node: at.map { String(bare[..<$0]) },
            domain: String(bare[(at.map { bare.utf8.index(after: $0) } ?? bare.startIndex)...]),
            resource: slash.map { String(text[text.utf8.index(after: $0)...]) }
        )
    }

    /// - Throws: `jid-malformed`.
    package init(node: String?, domain: String, resource: String? = nil) throws(StanzaError) {
        self.node = try node.map(Self.preparedNode)
        self.domain = try Self.preparedDomain(domain)
        self.resource = try resource.map(Self.preparedResource)
    }

    private init(checkedNode node: String?, domain: String, resource: String?) {
        self.node = node
        self.domain = domain
        self.resource = resource
    }

    /// The account, or the service, without the client.
    package var bare: JID { JID(checkedNode: node, domain: domain, resource: nil) }

    package var isBare: Bool { resource == nil }

    /// This account's client of that name.
    package func with(resource: String) throws(StanzaError) -> JID {
        JID(checkedNode: node, domain: domain, resource: try Self.preparedResource(resource))
    }

    // MARK: Preparation

    /// The form in which a user name is compared and stored.
    ///
    /// - Throws: `jid-malformed`.
    package static func preparedNode(_ text: String) throws(StanzaError) -> String {
        try prepared(text.lowercased()) { scalar in
            switch scalar {
            case "\"", "&", "'", "/", ":", "<", ">", "@": true
            default: StringPreparation.isSpace(scalar)
            }
        }
    }

    /// Names and addresses are not held against the rules of DNS. A final dot is dropped (RFC 7622 §3.2).
    package static func preparedDomain(_ text: String) throws(StanzaError) -> String {
        let name = text.utf8.last == UInt8(ascii: ".") ? String(text.dropLast()) : text
        return try prepared(name.lowercased()) { scalar in
            switch scalar {
            case "\"", "&", "'", "/", "<", ">", "@": true
            default: StringPreparation.isSpace(scalar)
            }
        }
    }

    /// - Throws: `jid-malformed`.
    package static func preparedResource(_ text: String) throws(StanzaError) -> String {
        try prepared(text) { $0 != " " && StringPreparation.isSpace($0) }
    }

    private static func prepared(
        _ text: String,
        isForbidden: (Unicode.Scalar) -> Bool
    ) throws(StanzaError) -> String {
        var prepared = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !StringPreparation.isMappedToNothing(scalar) {
            guard !StringPreparation.isProhibited(scalar), !isForbidden(scalar) else {
                throw StanzaError(.jidMalformed)
            }
            prepared.append(scalar)
        }
        let result = String(prepared)
        guard 1...longestPart ~= result.utf8.count else { throw StanzaError(.jidMalformed) }
        return result
    }
}

extension JID: CustomStringConvertible {
    package var description: String {
        var text = domain
        if let node { text = node + "@" + text }
        if let resource { text += "/" + resource }
        return text
    }
}
