import NIOCore
import NIOHTTP2

/// GOAWAY without an error (RFC 9113 §6.8).
struct GoAwayFrame {
    private static let type: UInt8 = 7
    private static let noError: UInt32 = 0

    let lastStream: HTTP2StreamID
    /// Goes out as it is.
    let debugData: ByteBuffer?

    var bytes: ByteBuffer {
        let length = UInt32(8 + (debugData?.readableBytes ?? 0))
        var bytes = ByteBuffer()
        bytes.writeInteger(length << 8 | UInt32(Self.type))
        // No flags, on the connection.
        bytes.writeRepeatingByte(0, count: 5)
        bytes.writeInteger(UInt32(Int(lastStream)))
        bytes.writeInteger(Self.noError)
        if let debugData { bytes.writeImmutableBuffer(debugData) }
        return bytes
    }
}
