import NIOHPACK

/// What matters in the headers of an answer.
struct ResponseHead: Equatable {
    var status = 0
    /// In seconds.
    var retryAfter: Int64?
    var uniqueID: String?

    init(status: Int) {
        self.status = status
    }

    init(_ headers: HPACKHeaders) {
        for (name, value, _) in headers {
            switch name {
            case ":status": status = Int(value) ?? 0
            case "retry-after": retryAfter = Int64(value).map { max($0, 0) }
            case "apns-unique-id": uniqueID = value
            default: break
            }
        }
    }
}
