/// The kinds of frames (RFC 6455, section 5.2).
enum WebSocketOpcode: UInt8, Sendable {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    var isControl: Bool { rawValue >= 8 }
}

/// What precedes the payload of a client's frame.
struct WebSocketFrameHeader {
    static let longestControlPayload = 125

    let opcode: WebSocketOpcode
    let isFinal: Bool
    /// The four bytes of the masking key in the order they came, the first in the low byte.
    let mask: UInt32
    /// Bytes of the header itself.
    let length: Int
    let payloadLength: Int

    var frameLength: Int { length + payloadLength }

    /// Reads the header at `start`.
    /// - Parameter limit: how many bytes the payload may have.
    /// - Returns: nil if it has not all come.
    @inline(__always)
    init?(_ bytes: UnsafeRawBufferPointer, at start: Int, limit: Int) throws(WebSocketError) {
        let available = bytes.count - start
        guard available >= 2 else { return nil }
        let first = bytes[start]
        let second = bytes[start + 1]
        if first & 0x70 != 0 { throw .reservedBits }
        guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else { throw .opcode }
        if second & 0x80 == 0 { throw .unmasked }
        let isFinal = first & 0x80 != 0
        let shortLength = Int(second & 0x7F)
        if opcode.isControl, !isFinal || shortLength > Self.longestControlPayload { throw .controlFrame }

        let extended = shortLength < 126 ? 0 : shortLength == 126 ? 2 : 8
        guard available >= 2 + extended else { return nil }
        let longLength: UInt64
        switch extended {
        case 0: longLength = UInt64(shortLength)
        case 2:
            let value = bytes.loadUnaligned(fromByteOffset: start + 2, as: UInt16.self)
            longLength = UInt64(UInt16(bigEndian: value))
            if longLength < 126 { throw .length }
        default:
            let value = bytes.loadUnaligned(fromByteOffset: start + 2, as: UInt64.self)
            longLength = UInt64(bigEndian: value)
            if longLength <= UInt64(UInt16.max) || longLength > UInt64(Int64.max) { throw .length }
        }
        if longLength > UInt64(limit) { throw .tooBig }
        guard available >= 6 + extended else { return nil }

        self.opcode = opcode
        self.isFinal = isFinal
        mask = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start + 2 + extended, as: UInt32.self))
        length = 6 + extended
        payloadLength = Int(longLength)
    }
}
