/// The masking of client frames (RFC 6455, section 5.3).
enum WebSocketMask {
    /// Masks or unmasks, which is the same.
    /// - Parameter mask: the key, its first byte in the low byte.
    @inline(__always)
    static func apply(_ mask: UInt32, to bytes: UnsafeMutableRawBufferPointer, in range: Range<Int>) {
        let wide = UInt64(mask) << 32 | UInt64(mask)
        var index = range.lowerBound
        while index + 8 <= range.upperBound {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ wide
            bytes.storeBytes(of: word.littleEndian, toByteOffset: index, as: UInt64.self)
            index += 8
        }
        var rest = wide
        while index < range.upperBound {
            bytes[index] ^= UInt8(truncatingIfNeeded: rest)
            rest &>>= 8
            index += 1
        }
    }
}
