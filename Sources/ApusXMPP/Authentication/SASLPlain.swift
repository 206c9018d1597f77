/// The message of SASL PLAIN (RFC 4616). It shows the password, so it is for encrypted connections.
package struct SASLPlain: Equatable, Sendable {
    package let identity: SASLIdentity
    package let password: String

    /// Reads what the client sent, already decoded from base 64.
    ///
    /// - Throws: `malformed-request`, or what ``SASLIdentity`` throws.
    package init(_ message: [UInt8], domain: String) throws(SASLFailure) {
        let parts = message.split(separator: 0, omittingEmptySubsequences: false)
            .compactMap { String(validating: $0, as: UTF8.self) }
        guard parts.count == 3, message.count(where: { $0 == 0 }) == 2, !parts[1].isEmpty, !parts[2].isEmpty else {
            throw SASLFailure(.malformedRequest)
        }
        guard let password = StringPreparation.saslprep(parts[2]) else { throw SASLFailure(.notAuthorized) }
        identity = try SASLIdentity(authentication: parts[1], authorization: parts[0], domain: domain)
        self.password = password
    }

    /// What a client sends, before base 64.
    package static func message(username: String, password: String) -> [UInt8] {
        [0] + Array(username.utf8) + [0] + Array(password.utf8)
    }
}
