/// The character classes of HTTP (RFC 9110, section 5.6).
enum HTTPBytes {
    static let cr: UInt8 = 0x0D
    static let lf: UInt8 = 0x0A
    static let space: UInt8 = 0x20
    static let tab: UInt8 = 0x09

    /// Whether a name of a method or header may have this byte (`tchar`).
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        // One bit for each of 0...63: ! # $ % & ' * + - . and digits; then 64...127: letters and ^ _ ` | ~
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        guard byte < 0x80 else { return false }
        return (byte < 0x40 ? low : high) &>> UInt64(byte & 0x3F) & 1 == 1
    }

    /// Whether a header's value may have this byte: anything printable, white space in a line, beyond ASCII.
    @inline(__always)
    static func isValue(_ byte: UInt8) -> Bool {
        byte >= 0x20 ? byte != 0x7F : byte == tab
    }

    @inline(__always)
    static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == space || byte == tab
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    subscript(part range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }

    @inline(__always)
    func matches(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        let start = text.utf8Start
        for index in 0..<count where self[index] != start[index] { return false }
        return true
    }

    /// Whether this is `text` but for the case of ASCII letters.
    func matchesIgnoringCase(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard count == text.count else { return false }
        for index in 0..<count {
            let (a, b) = (self[index], text[index])
            if a == b { continue }
            guard a ^ b == 0x20, (a | 0x20) &- UInt8(ascii: "a") < 26 else { return false }
        }
        return true
    }

    @inline(__always)
    func matchesIgnoringCase(_ text: StaticString) -> Bool {
        matchesIgnoringCase(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Whether this, a comma-separated list, has `token`, whatever its case.
    func hasListedToken(_ token: StaticString) -> Bool {
        var start = 0
        while start <= count {
            var end = start
            while end < count, self[end] != UInt8(ascii: ",") { end += 1 }
            var (first, last) = (start, end)
            while first < last, HTTPBytes.isWhiteSpace(self[first]) { first += 1 }
            while last > first, HTTPBytes.isWhiteSpace(self[last - 1]) { last -= 1 }
            if self[part: first..<last].matchesIgnoringCase(token) { return true }
            start = end + 1
        }
        return false
    }
}
