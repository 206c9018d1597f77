package import ApusCore
package import NIOCore

/// An answer of APNs.
package struct APNsResponse: Sendable, Equatable {
    package let status: Int
    /// As it was spelled, if it is not among those that are known.
    package let reasonText: String?
    /// Since when APNs has known that the device token is dead.
    package let timestamp: Timestamp?
    /// `Retry-After`, in seconds.
    package let retryAfter: Int64?
    /// The id by which the sandbox lists the notification in Apple's Push Notifications Console, `apns-unique-id`.
    package let uniqueID: String?

    package var reason: APNsReason? { reasonText.flatMap(APNsReason.init(rawValue:)) }
    package var verdict: APNsVerdict { APNsVerdict(status: status, reason: reason) }

    /// - Parameter body: `{"reason":"…","timestamp":…}`, with the time in milliseconds; anything else counts as empty.
    package init(status: Int, body: ByteBuffer = ByteBuffer(), retryAfter: Int64? = nil, uniqueID: String? = nil) {
        self.status = status
        self.retryAfter = retryAfter
        self.uniqueID = uniqueID
        (reasonText, timestamp) = Self.parse(body)
    }

    /// The reason in the debug data of a GOAWAY frame.
    package static func reason(inDebugData data: ByteBuffer?) -> String? {
        data.flatMap { parse($0).reason }
    }

    private static func parse(_ body: ByteBuffer) -> (reason: String?, timestamp: Timestamp?) {
        guard body.readableBytes > 0 else { return (nil, nil) }
        var reason: String?
        var timestamp: Timestamp?
        try? JSONScanner.withObject(in: body) { scanner in
            while let key = try scanner.nextKey() {
                switch (key.string, try scanner.kind()) {
                case ("reason", .string): reason = try scanner.string()
                case ("timestamp", .number): timestamp = try Timestamp(milliseconds: scanner.int())
                default: try scanner.skipValue()
                }
            }
        }
        return (reason, timestamp)
    }
}
