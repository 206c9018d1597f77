package import NIOCore

/// A notification as it came in the binary protocol.
package struct LegacyNotification: Sendable, Equatable {
    /// Four bytes that are the client's own; they go back to it as they are. nil if it gave none, as command 0 does.
    package let identifier: UInt32?
    /// The device token, 1 to 100 bytes.
    package let token: [UInt8]
    /// A JSON object, as it came unless ``isRepaired``.
    package internal(set) var payload: ByteBuffer
    /// Seconds since the epoch; 0 is not to be stored; nil if the client said nothing, as command 0 does.
    package let expiration: UInt32?
    /// 10 or 5; nil if the client said nothing.
    package let priority: UInt8?
    /// Whether the payload was not JSON before it was mended.
    package internal(set) var isRepaired = false

    init(
        identifier: UInt32? = nil, token: [UInt8], payload: ByteBuffer, expiration: UInt32? = nil,
        priority: UInt8? = nil
    ) {
        self.identifier = identifier
        self.token = token
        self.payload = payload
        self.expiration = expiration
        self.priority = priority
    }
}
