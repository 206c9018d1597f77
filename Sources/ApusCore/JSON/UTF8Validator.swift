/// Tells well-formed UTF-8 (RFC 3629) from other bytes.
package enum UTF8Validator {
    package static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < bytes.count {
            index = endOfASCII(in: bytes, from: index)
            while index < bytes.count, bytes[index] >= 0x80 {
                let length = sequenceLength(in: bytes, at: index)
                guard length > 0 else { return false }
                index += length
            }
        }
        return true
    }

    /// The length in bytes, 2 to 4, of the sequence that starts at `index` with a byte beyond ASCII.
    /// - Returns: 0 if it is malformed or cut short.
    @inline(__always)
    static func sequenceLength(in bytes: UnsafeRawBufferPointer, at index: Int) -> Int {
        let first = bytes[index]
        switch first {
        case 0xC2...0xDF:
            return continues(bytes, index + 1, in: 0x80...0xBF) ? 2 : 0
        case 0xE0...0xEF:
            // E0 would be overlong below A0; ED from A0 on is a surrogate.
            let second: ClosedRange<UInt8> = first == 0xE0 ? 0xA0...0xBF : first == 0xED ? 0x80...0x9F : 0x80...0xBF
            guard continues(bytes, index + 1, in: second), continues(bytes, index + 2, in: 0x80...0xBF) else {
                return 0
            }
            return 3
        case 0xF0...0xF4:
            // F0 would be overlong below 90; F4 from 90 on is beyond U+10FFFF.
            let second: ClosedRange<UInt8> = first == 0xF0 ? 0x90...0xBF : first == 0xF4 ? 0x80...0x8F : 0x80...0xBF
            guard continues(bytes, index + 1, in: second), continues(bytes, index + 2, in: 0x80...0xBF),
                continues(bytes, index + 3, in: 0x80...0xBF)
            else { return 0 }
            return 4
        default:
            return 0
        }
    }

    @inline(__always)
    private static func continues(
        _ bytes: UnsafeRawBufferPointer, _ index: Int, in range: ClosedRange<UInt8>
    ) -> Bool {
        index < bytes.count && range.contains(bytes[index])
    }

    @inline(__always)
    private static func endOfASCII(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let high = word & 0x8080_8080_8080_8080
            if high != 0 { return index + high.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < bytes.count, bytes[index] < 0x80 { index += 1 }
        return index
    }
}
