import ApusCore
import NIOCore
import NIOHTTP1

/// An answer of FCM: the message's `name`, or an `error`.
struct FCMResponse {
    let name: String?
    /// FCM's own error code, or else the status' name; nil if there is none.
    private(set) var code: String?
    private let message: String
    private let response: OutgoingResponse

    init(_ response: OutgoingResponse) {
        self.response = response
        var name: String?
        var members: (code: String?, status: String?, message: String) = (nil, nil, "")
        try? JSONScanner.withObject(in: response.body) { scanner in
            while let key = try scanner.nextKey() {
                switch (key, try scanner.kind()) {
                case ("name", .string): name = try scanner.string()
                case ("error", .object): members = try Self.error(&scanner)
                default: try scanner.skipValue()
                }
            }
        }
        self.name = name
        code = members.code ?? members.status
        message = members.message
    }

    private static func error(_ scanner: inout JSONScanner) throws -> (code: String?, status: String?, message: String)
    {
        var error: (code: String?, status: String?, message: String) = (nil, nil, "")
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch (key, try scanner.kind()) {
            case ("status", .string): error.status = try scanner.string()
            case ("message", .string): error.message = try scanner.string()
            case ("details", .array):
                try scanner.beginArray()
                while try scanner.nextElement() {
                    let detail = AppData(object: try scanner.rawValue())?.members ?? []
                    if let code = detail.first(where: { $0.name == "errorCode" })?.json {
                        error.code = code.filter { $0 != "\"" }
                    } else if detail.contains(where: { $0.name == "fieldViolations" }) {
                        error.code = "FIELD_VIOLATION"
                    }
                }
            default: try scanner.skipValue()
            }
        }
        return error
    }

    /// Whether the access token is not taken any more. A device's problem with Apple's service has the same status.
    var isUnauthenticated: Bool { code == "UNAUTHENTICATED" }

    func answer(to batch: VendorBatch, at now: Timestamp) -> VendorAnswer {
        if response.status == 200, let name {
            return .all(batch, .accepted, code: "fcm.accepted", detail: "FCM accepted it as \(name).")
        }
        guard let code else { return .unreadable(response, of: FCMVendor.route, at: now) }
        let name = "fcm.\(ForeignText.code(code))"
        let detail = "FCM answered \(response.status): \(ForeignText.phrase(message))."
        let asked = response.headers.first(name: "retry-after").flatMap { RetryAfter.seconds($0, at: now) }
        switch code {
        case "UNREGISTERED", "SENDER_ID_MISMATCH":
            return .all(batch, .tokenDead(since: nil), code: name, detail: detail)
        case "INVALID_ARGUMENT" where message.contains("registration token"):
            return .all(batch, .tokenDead(since: nil), code: name, detail: detail)
        case "THIRD_PARTY_AUTH_ERROR":
            // The project's keys for Apple's or the browsers' services: others are not concerned.
            return later(batch, batch.retryDelay, name, detail, at: now)
        case "QUOTA_EXCEEDED" where message.lowercased().contains("device"):
            return later(batch, asked ?? 60, name, detail, at: now)
        case "QUOTA_EXCEEDED", "RESOURCE_EXHAUSTED": return .busy(seconds: asked ?? 60, detail: detail)
        case "UNAVAILABLE" where asked != nil: return .busy(seconds: asked, detail: detail)
        case "UNAVAILABLE", "INTERNAL", "UNSPECIFIED_ERROR": return .failing(code: name, detail: detail)
        case "UNAUTHENTICATED", "PERMISSION_DENIED": return .credential(detail: detail)
        default: return .all(batch, .refused, code: name, detail: detail)
        }
    }

    private func later(
        _ batch: VendorBatch, _ seconds: Int64, _ code: String, _ detail: String, at now: Timestamp
    ) -> VendorAnswer {
        let why = "\(detail) It is tried again in \(seconds) seconds."
        return .all(batch, .later(at: now.adding(seconds: max(1, seconds))), code: code, detail: why)
    }

    /// - Returns: nil if the answer gives no access token (RFC 6749 §5.1).
    static func accessToken(_ response: OutgoingResponse, at now: Timestamp) -> AccessToken? {
        guard response.status == 200, let members = try? JSONMembers(response.body),
            let text = members["access_token"], let seconds = members["expires_in"].flatMap({ Int64($0) })
        else { return nil }
        // Five minutes before it ends, another one is asked for.
        return AccessToken(text, renewedAt: now.adding(seconds: seconds - 300))
    }
}
