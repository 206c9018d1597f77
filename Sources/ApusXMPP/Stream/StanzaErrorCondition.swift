extension StanzaError {
    /// RFC 6120 §8.3.3. Of those that share a code, the most usual is first: it is what the code alone is read as.
    package enum Condition: String, CaseIterable, Sendable {
        case badRequest = "bad-request"
        case conflict
        case featureNotImplemented = "feature-not-implemented"
        case forbidden
        case gone
        case internalServerError = "internal-server-error"
        case itemNotFound = "item-not-found"
        case jidMalformed = "jid-malformed"
        case notAcceptable = "not-acceptable"
        case notAllowed = "not-allowed"
        case notAuthorized = "not-authorized"
        case policyViolation = "policy-violation"
        case recipientUnavailable = "recipient-unavailable"
        case redirect
        case registrationRequired = "registration-required"
        case remoteServerNotFound = "remote-server-not-found"
        case remoteServerTimeout = "remote-server-timeout"
        case resourceConstraint = "resource-constraint"
        case serviceUnavailable = "service-unavailable"
        case subscriptionRequired = "subscription-required"
        case undefinedCondition = "undefined-condition"
        case unexpectedRequest = "unexpected-request"

        /// The type that RFC 6120 recommends and the code of XEP-0086 §3.
        var kindAndCode: (kind: Kind, code: Int) {
            switch self {
            case .badRequest, .jidMalformed: (.modify, 400)
            case .conflict: (.cancel, 409)
            case .featureNotImplemented: (.cancel, 501)
            case .forbidden: (.auth, 403)
            case .gone: (.cancel, 302)
            case .internalServerError: (.cancel, 500)
            case .itemNotFound, .remoteServerNotFound: (.cancel, 404)
            case .notAcceptable, .policyViolation: (.modify, 406)
            case .notAllowed: (.cancel, 405)
            case .notAuthorized: (.auth, 401)
            case .recipientUnavailable: (.wait, 404)
            case .redirect: (.modify, 302)
            case .registrationRequired, .subscriptionRequired: (.auth, 407)
            case .remoteServerTimeout: (.wait, 504)
            case .resourceConstraint: (.wait, 500)
            case .serviceUnavailable: (.cancel, 503)
            case .undefinedCondition: (.cancel, 500)
            case .unexpectedRequest: (.wait, 400)
            }
        }
    }
}
