/// Who a SASL message says is there. Accounts act only for themselves.
package struct SASLIdentity: Equatable, Sendable {
    /// The account's name in the form that accounts are looked up by.
    package let username: String

    /// - Parameters:
    ///   - authentication: the account whose password is proven, with or without our domain.
    ///   - authorization: who to act as; empty for the same. Otherwise the account's own bare address (RFC 6120 §6.3.8).
    /// - Throws: `not-authorized` for a name no account can have, `invalid-authzid` for anybody else.
    init(authentication: String, authorization: String, domain: String) throws(SASLFailure) {
        guard let prepared = StringPreparation.saslprep(authentication),
            let account = Self.account(prepared, domain: domain)
        else { throw SASLFailure(.notAuthorized) }
        guard authorization.isEmpty || Self.account(authorization, domain: domain) == account else {
            throw SASLFailure(.invalidAuthzid)
        }
        username = account
    }

    private static func account(_ text: String, domain: String) -> String? {
        guard text.utf8.contains(UInt8(ascii: "@")) else { return try? JID.preparedNode(text) }
        guard let address = try? JID(text), address.isBare,
            let own = try? JID.preparedDomain(domain), address.domain == own
        else { return nil }
        return address.node
    }
}
