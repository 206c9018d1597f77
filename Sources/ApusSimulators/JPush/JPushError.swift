import ApusCore

/// The error codes of JPush's interface for senders, each with its status of HTTP.
enum JPushError: Int, Sendable, CaseIterable {
    case internalError = 1000
    case wrongMethod = 1001
    case missing = 1002
    case invalid = 1003
    case wrongCredentials = 1004
    case tooLong = 1005
    case unknownAppKey = 1008
    case unknownMember = 1009
    case noTarget = 1011
    case limited = 1012
    case plainHTTP = 1020
    case timedOut = 1030
    case tooManyRequests = 2002
    case blacklisted = 2003
    case addressNotAllowed = 2004
    case permissionMissing = 2005
    case permissionExpired = 2006
    case permissionDenied = 2007

    private var status: Int {
        switch self {
        case .internalError: 500
        case .wrongMethod: 405
        case .wrongCredentials: 401
        case .timedOut: 503
        case .tooManyRequests: 429
        case .blacklisted, .addressNotAllowed, .permissionMissing, .permissionExpired, .permissionDenied: 403
        default: 400
        }
    }

    private var message: String {
        switch self {
        case .internalError: "Internal server error"
        case .wrongMethod: "Only the method of the documentation is supported"
        case .missing: "A required member is missing"
        case .invalid: "A value is invalid"
        case .wrongCredentials: "Basic authentication failed"
        case .tooLong: "The message is too long"
        case .unknownAppKey: "The app key is unknown"
        case .unknownMember: "A member is not supported"
        case .noTarget: "cannot find user by this audience"
        case .limited: "The request is not allowed now"
        case .plainHTTP: "Only HTTPS is supported"
        case .timedOut: "Internal server timeout"
        case .tooManyRequests: "Rate limit exceeded"
        case .blacklisted: "The app key is in the black list"
        case .addressNotAllowed: "The IP address is not in the white list"
        case .permissionMissing, .permissionExpired, .permissionDenied: "No permission"
        }
    }

    /// - Parameter detail: what is wrong; nil says it in general.
    func answer(_ detail: String? = nil) -> VendorAnswer {
        .json(status, code: "\(rawValue)") { object in
            object.member(
                "error",
                object: { error in
                    error.member("code", int: Int64(rawValue))
                    error.member("message", string: detail ?? message)
                })
        }
    }
}
