/// Why a sender's VAPID authorization is not accepted (RFC 8292 §4.2).
package enum VAPIDError: Error, Equatable, CustomStringConvertible {
    /// The endpoint takes messages from one sender only, and this one did not say who it is.
    case missing
    /// A parameter is missing, or something in it cannot be read.
    case malformed(String)
    case wrongAlgorithm
    /// `k` is not a point on the curve.
    case invalidKey
    case wrongSignature
    /// - Parameter expected: the origin that senders know this server by.
    case wrongAudience(expected: String)
    case expired
    /// The token is good for more than 24 hours.
    case expiresTooLate
    /// The endpoint was made for another key.
    case wrongKey

    /// The HTTP status: 401, with `WWW-Authenticate: vapid`, asks for an authorization; 403 refuses the one that came.
    package var status: Int {
        self == .missing ? 401 : 403
    }

    /// A sentence that says what to change.
    package var description: String {
        switch self {
        case .missing: "This endpoint needs VAPID: send Authorization: vapid t=<token>, k=<public key>."
        case .malformed(let what): "The VAPID authorization cannot be read: \(what)."
        case .wrongAlgorithm: "The VAPID token must be signed with ES256."
        case .invalidKey:
            "The VAPID key must be a point on the curve P-256: 65 bytes as base 64 for URLs, 87 characters."
        case .wrongSignature: "The VAPID token is not signed with the private key that belongs to k."
        case .wrongAudience(let expected): "The VAPID token's aud must be the origin of the endpoint, \(expected)."
        case .expired: "The VAPID token has expired. Sign a new one."
        case .expiresTooLate: "The VAPID token's exp must be at most 24 hours from now."
        case .wrongKey: "The endpoint was made for another VAPID key than the one that signed this request."
        }
    }
}
