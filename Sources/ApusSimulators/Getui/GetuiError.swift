import ApusCore

/// The error codes of Getui's interface for senders, each with its status of HTTP.
enum GetuiError: Int, Sendable, CaseIterable {
    case failed = 1
    case starting = 2
    case wrongDomain = 301
    case notFound = 404
    case wrongMethod = 405
    case tokenInvalid = 10001
    case blacklisted = 10002
    case tooManyAuthentications = 10003
    case noRight = 10004
    case tooManyCalls = 10005
    case wrongParameter = 20001
    case quotaExceeded = 30000

    private var status: Int {
        switch self {
        case .failed, .starting: 500
        case .wrongDomain: 301
        case .notFound: 404
        case .wrongMethod: 405
        case .tokenInvalid: 401
        case .wrongParameter: 400
        case .blacklisted, .tooManyAuthentications, .noRight, .tooManyCalls, .quotaExceeded: 403
        }
    }

    private var message: String {
        switch self {
        case .failed: "fail"
        case .starting: "the service is starting"
        case .wrongDomain: "the domain is wrong"
        case .notFound: "not found"
        case .wrongMethod: "the method is not allowed"
        case .tokenInvalid: "token is invalid"
        case .blacklisted: "the appId or the IP address is in the black list"
        case .tooManyAuthentications: "too many authentications"
        case .noRight: "no right"
        case .tooManyCalls: "too many calls"
        case .wrongParameter: "target user is invalid"
        case .quotaExceeded: "the quota of the package is exceeded"
        }
    }

    /// - Parameter detail: nil says what is wrong in general.
    func answer(_ detail: String? = nil) -> VendorAnswer {
        .json(status, code: "\(rawValue)") { object in
            object.member("code", int: Int64(rawValue))
            object.member("msg", string: detail ?? message)
        }
    }

    static func success(_ data: JSONValue? = nil) -> VendorAnswer {
        var members = [
            JSONValue.Member(name: "code", value: .number("0")), .init(name: "msg", value: .string("success")),
        ]
        if let data { members.append(.init(name: "data", value: data)) }
        return VendorAnswer(.object(members))
    }
}
