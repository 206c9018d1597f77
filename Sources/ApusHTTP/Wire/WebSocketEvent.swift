package import NIOCore

/// What a client says over a WebSocket.
package enum WebSocketEvent: Sendable, Equatable {
    /// A whole message of valid UTF-8.
    case text(ByteBuffer)
    /// A whole message.
    case binary(ByteBuffer)
    /// To be answered by a pong with the same bytes.
    case ping(ByteBuffer)
    case pong(ByteBuffer)
    /// The last thing a client says. No code was given if it is nil.
    case close(code: UInt16?, reason: String)
}
