package import NIOCore

/// Writes a server's frames (RFC 6455, section 5), which are not masked and here never fragmented.
package enum WebSocketFrameEncoder {
    package static func writeText(_ text: ByteBuffer, into buffer: inout ByteBuffer) {
        writeHeader(.text, length: text.readableBytes, into: &buffer)
        buffer.writeImmutableBuffer(text)
    }

    package static func writeText(_ text: String, into buffer: inout ByteBuffer) {
        writeHeader(.text, length: text.utf8.count, into: &buffer)
        buffer.writeString(text)
    }

    package static func writeBinary(_ data: ByteBuffer, into buffer: inout ByteBuffer) {
        writeHeader(.binary, length: data.readableBytes, into: &buffer)
        buffer.writeImmutableBuffer(data)
    }

    /// - Parameter data: at most 125 bytes; what is beyond is left out.
    package static func writePing(_ data: ByteBuffer = ByteBuffer(), into buffer: inout ByteBuffer) {
        writeControl(.ping, data, into: &buffer)
    }

    /// - Parameter data: what the ping had.
    package static func writePong(_ data: ByteBuffer, into buffer: inout ByteBuffer) {
        writeControl(.pong, data, into: &buffer)
    }

    /// - Parameters:
    ///   - code: nil to give neither code nor reason.
    ///   - reason: cut to the whole characters that fit into 123 bytes.
    package static func writeClose(code: UInt16?, reason: String = "", into buffer: inout ByteBuffer) {
        guard let code else { return writeHeader(.close, length: 0, into: &buffer) }
        let reason = prefix(of: reason, fitting: WebSocketFrameHeader.longestControlPayload - 2)
        writeHeader(.close, length: 2 + reason.utf8.count, into: &buffer)
        buffer.writeInteger(code)
        buffer.writeSubstring(reason)
    }

    private static func writeControl(_ opcode: WebSocketOpcode, _ data: ByteBuffer, into buffer: inout ByteBuffer) {
        let length = min(data.readableBytes, WebSocketFrameHeader.longestControlPayload)
        writeHeader(opcode, length: length, into: &buffer)
        buffer.writeImmutableBuffer(data.getSlice(at: data.readerIndex, length: length)!)
    }

    private static func writeHeader(_ opcode: WebSocketOpcode, length: Int, into buffer: inout ByteBuffer) {
        buffer.writeInteger(0x80 | opcode.rawValue)
        switch length {
        case ..<126:
            buffer.writeInteger(UInt8(length))
        case ...Int(UInt16.max):
            buffer.writeInteger(126 as UInt8)
            buffer.writeInteger(UInt16(length))
        default:
            buffer.writeInteger(127 as UInt8)
            buffer.writeInteger(UInt64(length))
        }
    }

    private static func prefix(of text: String, fitting limit: Int) -> Substring {
        if text.utf8.count <= limit { return text[...] }
        var length = 0
        return text.prefix { character in
            length += character.utf8.count
            return length <= limit
        }
    }
}
