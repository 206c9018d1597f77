package import ApusCore
package import NIOCore

/// A notification that the simulator accepted.
package struct APNsAcceptedNotification: Sendable, Equatable {
    /// As in the path.
    package let token: String
    /// The `apns-id` of the request, or else the one that was made for it.
    package let id: String
    package let topic: String
    package let pushType: String
    package let priority: Int
    /// Seconds since the epoch; nil if the request had none.
    package let expiration: Int64?
    package let collapseID: String?
    package internal(set) var payload: ByteBuffer
    package let acceptedAt: Timestamp

    /// As one line of JSON, with the line end.
    package func writeLine(into buffer: inout ByteBuffer) {
        buffer.writeJSONObject { line in
            line.member("token", string: token)
            line.member("id", string: id)
            line.member("topic", string: topic)
            line.member("pushType", string: pushType)
            line.member("priority", int: Int64(priority))
            line.member("expiration", int: expiration)
            line.member("collapseId", string: collapseID)
            line.member("acceptedAt", int: acceptedAt.milliseconds)
            // White space is all that a line end can be in JSON.
            let payload = payload.readableBytesView.map {
                $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") ? 0x20 : $0
            }
            line.member("payload", raw: String(decoding: payload, as: UTF8.self))
        }
        buffer.writeInteger(UInt8(ascii: "\n"))
    }
}
