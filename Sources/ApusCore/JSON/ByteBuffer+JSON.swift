package import NIOCore

extension ByteBuffer {
    /// Writes a string with its quotes, escaping what RFC 8259, section 7, demands and nothing else.
    package mutating func writeJSONString(_ string: String) {
        writeInteger(JSONText.quote)
        var string = string
        string.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            var start = 0
            while true {
                let end = JSONText.endOfPlainRun(in: bytes, from: start, stopsBeyondASCII: false)
                writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                guard end < bytes.count else { break }
                writeJSONEscape(bytes[end])
                start = end + 1
            }
        }
        writeInteger(JSONText.quote)
    }

    /// Writes a number as decimal digits, with a minus sign if it is negative.
    package mutating func writeDecimal(_ number: Int64) {
        if number < 0 { writeInteger(UInt8(ascii: "-")) }
        var rest = number.magnitude
        var count = 1
        var bound: UInt64 = 10
        while count < 19, rest >= bound {
            count += 1
            bound &*= 10
        }
        writeWithUnsafeMutableBytes(minimumWritableBytes: count) { output in
            for index in stride(from: count - 1, through: 0, by: -1) {
                output[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            return count
        }
    }

    private mutating func writeJSONEscape(_ byte: UInt8) {
        switch byte {
        case JSONText.quote: writeStaticString("\\\"")
        case JSONText.backslash: writeStaticString("\\\\")
        case 0x08: writeStaticString("\\b")
        case 0x09: writeStaticString("\\t")
        case 0x0A: writeStaticString("\\n")
        case 0x0C: writeStaticString("\\f")
        case 0x0D: writeStaticString("\\r")
        default:
            writeStaticString(byte < 0x10 ? "\\u000" : "\\u001")
            let digit = byte & 0x0F
            writeInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
