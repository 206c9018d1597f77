/// What is inside JSON strings: plain runs and escapes (RFC 8259, section 7).
enum JSONText {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")

    /// The first index from `start` on of a quote, a backslash or a control character, and of a byte beyond ASCII if
    /// `stopsBeyondASCII`; the count if there is none.
    @inline(__always)
    static func endOfPlainRun(in bytes: UnsafeRawBufferPointer, from start: Int, stopsBeyondASCII: Bool) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        var index = start
        while index + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            // Subtracting borrows into a byte's high bit just where it is below the subtrahend. A borrow may disturb
            // the bytes after the first hit, never those before it.
            let special =
                (word &- ones &* 0x20)
                | ((word ^ ones &* UInt64(quote)) &- ones)
                | ((word ^ ones &* UInt64(backslash)) &- ones)
            let hits = (stopsBeyondASCII ? special | word : special & ~word) & highs
            if hits != 0 { return index + hits.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x20 || byte == quote || byte == backslash || (stopsBeyondASCII && byte >= 0x80) { break }
            index += 1
        }
        return index
    }

    /// Steps over the escape whose backslash is at `index`.
    /// - Returns: nil if it is malformed, cut short or half a surrogate pair.
    static func endOfEscape(in bytes: UnsafeRawBufferPointer, at index: Int) -> Int? {
        guard index + 1 < bytes.count else { return nil }
        let letter = bytes[index + 1]
        if letter != UInt8(ascii: "u") { return simpleEscape(letter) == nil ? nil : index + 2 }
        guard let unit = codeUnit(in: bytes, at: index) else { return nil }
        if UTF16.isTrailSurrogate(unit) { return nil }
        if !UTF16.isLeadSurrogate(unit) { return index + 6 }
        guard let trail = codeUnit(in: bytes, at: index + 6), UTF16.isTrailSurrogate(trail) else { return nil }
        return index + 12
    }

    /// The string that a valid string's content between its quotes stands for.
    static func unescaped(_ content: UnsafeRawBufferPointer) -> String {
        // An escape is never shorter than what it stands for.
        String(unsafeUninitializedCapacity: content.count) { output in
            var index = 0
            var written = 0
            while index < content.count {
                let byte = content[index]
                guard byte == backslash else {
                    output[written] = byte
                    index += 1
                    written += 1
                    continue
                }
                if let plain = simpleEscape(content[index + 1]) {
                    output[written] = plain
                    index += 2
                    written += 1
                    continue
                }
                let (scalar, length) = unicodeEscape(in: content, at: index)
                index += length
                for unit in UTF8.encode(scalar)! {
                    output[written] = unit
                    written += 1
                }
            }
            return written
        }
    }

    private static func unicodeEscape(
        in bytes: UnsafeRawBufferPointer, at index: Int
    ) -> (scalar: Unicode.Scalar, length: Int) {
        let unit = codeUnit(in: bytes, at: index)!
        if let scalar = Unicode.Scalar(unit) { return (scalar, 6) }
        let trail = codeUnit(in: bytes, at: index + 6)!
        return (Unicode.Scalar(0x10000 + (UInt32(unit) & 0x3FF) << 10 + UInt32(trail) & 0x3FF)!, 12)
    }

    /// The code unit that `\uXXXX` at `index` names.
    private static func codeUnit(in bytes: UnsafeRawBufferPointer, at index: Int) -> UInt16? {
        guard index + 6 <= bytes.count, bytes[index] == backslash, bytes[index + 1] == UInt8(ascii: "u") else {
            return nil
        }
        var unit: UInt16 = 0
        for position in index + 2..<index + 6 {
            let digit: UInt8
            switch bytes[position] {
            case let byte where byte &- UInt8(ascii: "0") < 10: digit = byte - UInt8(ascii: "0")
            case let byte where (byte | 0x20) &- UInt8(ascii: "a") < 6: digit = (byte | 0x20) - UInt8(ascii: "a") + 10
            default: return nil
            }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    private static func simpleEscape(_ letter: UInt8) -> UInt8? {
        switch letter {
        case quote, backslash, UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }
}
