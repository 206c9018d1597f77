import ApusCore

/// The errors of FCM's HTTP v1 interface.
enum FCMError: String, Sendable, CaseIterable {
    case unregistered = "UNREGISTERED"
    /// About the token. Other wrong members are `fieldViolation`.
    case invalidArgument = "INVALID_ARGUMENT"
    /// The same status, but with `fieldViolations` and without an error code of FCM's. Only the simulator names it so.
    case fieldViolation = "FIELD_VIOLATION"
    case senderMismatch = "SENDER_ID_MISMATCH"
    case thirdPartyAuthentication = "THIRD_PARTY_AUTH_ERROR"
    case quotaExceeded = "QUOTA_EXCEEDED"
    case unavailable = "UNAVAILABLE"
    case internalError = "INTERNAL"
    case unspecified = "UNSPECIFIED_ERROR"
    case unauthenticated = "UNAUTHENTICATED"
    case permissionDenied = "PERMISSION_DENIED"

    /// - Parameters:
    ///   - detail: what is wrong; nil says it in general.
    ///   - field: the path of the member, for a `fieldViolation`.
    func answer(_ detail: String? = nil, field: String = "message") -> VendorAnswer {
        let (status, name, message) = properties
        return .json(status, code: rawValue) { object in
            object.member(
                "error",
                object: { error in
                    error.member("code", int: Int64(status))
                    error.member("message", string: detail ?? message)
                    error.member("status", string: name)
                    if let details = details(detail ?? message, field) { error.member("details", raw: details) }
                })
        }
    }

    private var properties: (status: Int, name: String, message: String) {
        switch self {
        case .unregistered: (404, "NOT_FOUND", "Requested entity was not found.")
        case .invalidArgument:
            (400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token")
        case .fieldViolation: (400, "INVALID_ARGUMENT", "Invalid value")
        case .senderMismatch: (403, "PERMISSION_DENIED", "SenderId mismatch")
        case .thirdPartyAuthentication: (401, "UNAUTHENTICATED", "Auth error from APNS or Web Push Service")
        case .quotaExceeded: (429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Messages'")
        case .unavailable: (503, "UNAVAILABLE", "The service is currently unavailable.")
        case .internalError, .unspecified: (500, "INTERNAL", "Internal error encountered.")
        case .unauthenticated: (401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        case .permissionDenied: (403, "PERMISSION_DENIED", "Permission denied on the project.")
        }
    }

    private func details(_ message: String, _ field: String) -> String? {
        let detail: [JSONValue.Member]
        switch self {
        case .unauthenticated, .permissionDenied: return nil
        case .fieldViolation:
            let violation = JSONValue.object([
                .init(name: "field", value: .string(field)), .init(name: "description", value: .string(message)),
            ])
            detail = [
                .init(name: "@type", value: .string("type.googleapis.com/google.rpc.BadRequest")),
                .init(name: "fieldViolations", value: .array([violation])),
            ]
        default:
            detail = [
                .init(name: "@type", value: .string("type.googleapis.com/google.firebase.fcm.v1.FcmError")),
                .init(name: "errorCode", value: .string(rawValue)),
            ]
        }
        return JSONValue.array([.object(detail)]).compactText
    }
}
