import ApusCore

/// Who a client showed to be in the TLS handshake.
enum APNsPeer: Sendable {
    case anonymous
    case certificate(APNsClientCertificate)
    case unknownCertificate
}

/// Finds out on whose behalf the requests of one connection are sent.
struct APNsAuthenticator {
    private let verifier: ProviderTokenVerifier
    private let environment: APNsServiceEnvironment
    var peer = APNsPeer.anonymous
    /// The last token that was good. Others must be of the same team and key.
    private var token: ProviderTokenVerifier.Verified?
    private var isWedged = false

    init(verifier: ProviderTokenVerifier, environment: APNsServiceEnvironment) {
        self.verifier = verifier
        self.environment = environment
    }

    /// Whether a valid provider token or certificate has come.
    var knowsSender: Bool {
        if case .certificate = peer { true } else { token != nil }
    }

    /// - Parameter wedges: whether nothing is accepted any more once a token was too old.
    mutating func sender(
        _ authorization: String?, at now: Timestamp, wedges: Bool
    ) throws(APNsRefusal) -> APNsSender {
        switch peer {
        case .certificate(let certificate):
            guard certificate.environments.contains(environment) else { throw .badCertificateEnvironment }
            return certificate.sender
        case .unknownCertificate:
            throw .badCertificate
        case .anonymous:
            guard let authorization else { throw .missingProviderToken }
            guard !(isWedged && wedges) else { throw .expiredProviderToken }
            do throws(APNsRefusal) {
                return try sender(authorization, at: now)
            } catch {
                if error == .expiredProviderToken { isWedged = true }
                throw error
            }
        }
    }

    private mutating func sender(_ authorization: String, at now: Timestamp) throws(APNsRefusal) -> APNsSender {
        if let token, token.authorization == authorization {
            try token.checkAge(at: now)
            return token.sender
        }
        let new = try verifier.verify(authorization, at: now)
        if let token {
            guard token.teamID == new.teamID else { throw .invalidProviderToken }
            guard token.keyID == new.keyID else { throw .unrelatedKeyIDInToken }
        }
        token = new
        return new.sender
    }
}
