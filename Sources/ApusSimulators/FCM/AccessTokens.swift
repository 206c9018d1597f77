import ApusCore
import NIOCore

/// Google's token endpoint: access tokens for signed assertions (RFC 7523), and which of them are good.
struct AccessTokens: Sendable {
    private static let grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    /// One of these must be asked for.
    private static let scopes = [
        "https://www.googleapis.com/auth/firebase.messaging", "https://www.googleapis.com/auth/cloud-platform",
    ]
    /// What Google's own client libraries write as the audience, wherever the account has its endpoint.
    private static let audience = "https://oauth2.googleapis.com/token"
    /// Seconds that an assertion may be good for, and that a sender's clock may be wrong.
    private static let longestLifetime: Int64 = 3600
    private static let clockSkew: Int64 = 300

    private let account: ServiceAccount
    /// Seconds.
    private let lifetime: Int64
    private var tokens = BoundedTable<String, Timestamp>(limit: 1000)

    init(_ account: ServiceAccount, lifetime: Int64) {
        self.account = account
        self.lifetime = lifetime
    }

    func isGood(_ token: String?, at now: Timestamp) -> Bool {
        token.flatMap { tokens[$0] }.map { now < $0 } ?? false
    }

    /// - Parameter uri: of this endpoint; the assertion must be for it, or for Google's.
    mutating func answer(_ form: FormFields, uri: String, at now: Timestamp) throws(VendorAnswer) -> VendorAnswer {
        guard form["grant_type"] == Self.grantType else {
            throw Self.refusal("unsupported_grant_type", "Invalid grant_type.")
        }
        let claims = try verifiedClaims(form["assertion"] ?? "")
        try check(claims, uri: uri, seconds: now.milliseconds / 1000)
        let token = "ya29.simulated-" + RandomToken.hex128()
        tokens[token] = now.adding(seconds: lifetime)
        return .json { object in
            object.member("access_token", string: token)
            object.member("expires_in", int: lifetime)
            object.member("token_type", string: "Bearer")
        }
    }

    private func verifiedClaims(_ assertion: String) throws(VendorAnswer) -> JSONValue {
        let parts = assertion.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = Base64URL.decode(parts[2]), let header = Self.object(parts[0]),
            let claims = Self.object(parts[1])
        else { throw Self.refusal("invalid_grant", "Invalid JWT.") }
        guard header["alg"]?.string == "RS256", header["kid"]?.string == account.keyID,
            account.hasSigned(assertion.utf8.dropLast(parts[2].count + 1), signature)
        else { throw Self.refusal("invalid_grant", "Invalid JWT Signature.") }
        return claims
    }

    private func check(_ claims: JSONValue, uri: String, seconds: Int64) throws(VendorAnswer) {
        guard claims["iss"]?.string == account.email else {
            throw Self.refusal("invalid_grant", "Invalid grant: account not found")
        }
        guard let audience = claims["aud"]?.string, audience == uri || audience == Self.audience else {
            throw Self.refusal("invalid_grant", "Invalid JWT: aud is not \(uri).")
        }
        guard let issued = claims["iat"]?.int, let expires = claims["exp"]?.int,
            (0...seconds + Self.clockSkew).contains(issued),
            expires > seconds, expires <= issued + Self.longestLifetime
        else {
            throw Self.refusal(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.")
        }
        let scopes = (claims["scope"]?.string ?? "").split(separator: " ").map(String.init)
        guard scopes.contains(where: Self.scopes.contains) else {
            throw Self.refusal("invalid_scope", "No scope for messaging was asked for.")
        }
    }

    private static func object(_ part: some Collection<UInt8>) -> JSONValue? {
        Base64URL.decode(part).flatMap { try? JSONValue(ByteBuffer(bytes: $0)) }
    }

    private static func refusal(_ error: String, _ description: String) -> VendorAnswer {
        .json(400, code: error) { object in
            object.member("error", string: error)
            object.member("error_description", string: description)
        }
    }
}
