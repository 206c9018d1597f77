/// A client's breach of the WebSocket protocol. The connection is to be closed with this code.
package struct WebSocketError: Error, Equatable, CustomStringConvertible {
    /// A status code of RFC 6455, section 7.4.1.
    package let closeCode: UInt16
    /// A phrase of less than 123 bytes, fit for a close frame.
    package let reason: String

    package init(_ closeCode: UInt16, _ reason: String) {
        self.closeCode = closeCode
        self.reason = reason
    }

    package var description: String { "\(closeCode) \(reason)" }
}

extension WebSocketError {
    static let unmasked = Self(1002, "unmasked frame")
    static let reservedBits = Self(1002, "reserved bits set")
    static let opcode = Self(1002, "unknown opcode")
    static let controlFrame = Self(1002, "control frame too long or fragmented")
    static let length = Self(1002, "frame length not in its shortest form")
    static let strayContinuation = Self(1002, "continuation of nothing")
    static let interleaved = Self(1002, "new message within a fragmented one")
    static let closeFrame = Self(1002, "malformed close frame")
    static let tooBig = Self(1009, "message too big")
    static let text = Self(1007, "text is not UTF-8")
    static let closeReason = Self(1007, "close reason is not UTF-8")
}
