import ApusCore
import NIOCore
import NIOHPACK

/// What APNs answers to one request.
struct APNsAnswer: Sendable, Equatable {
    /// The `apns-id`.
    let id: String
    /// nil if the notification was accepted.
    let reason: APNsRefusal?
    /// Milliseconds since the epoch: when the token was last known to be dead. Only for status 410.
    let timestamp: Int64?
    /// Seconds.
    let retryAfter: Int?

    init(id: String, reason: APNsRefusal? = nil, timestamp: Int64? = nil, retryAfter: Int? = nil) {
        self.id = id
        self.reason = reason
        self.timestamp = reason?.status == 410 ? timestamp : nil
        self.retryAfter = retryAfter
    }

    /// - Parameter uniqueID: what the sandbox adds for its delivery log.
    func headers(uniqueID: String?) -> HPACKHeaders {
        var headers = HPACKHeaders()
        headers.reserveCapacity(4)
        headers.add(name: ":status", value: Self.status(reason?.status ?? 200))
        headers.add(name: "apns-id", value: id, indexing: .nonIndexable)
        if let uniqueID, reason == nil { headers.add(name: "apns-unique-id", value: uniqueID, indexing: .nonIndexable) }
        if let retryAfter { headers.add(name: "retry-after", value: "\(retryAfter)", indexing: .nonIndexable) }
        return headers
    }

    /// The JSON that says why; nil if the notification was accepted.
    var body: ByteBuffer? {
        guard let reason else { return nil }
        var body = ByteBuffer()
        body.writeJSONObject { object in
            object.member("reason", string: reason.rawValue)
            object.member("timestamp", int: timestamp)
        }
        return body
    }

    private static func status(_ code: Int) -> String {
        code == 200 ? "200" : "\(code)"
    }
}
