/// Numbers as JSON writes them (RFC 8259, section 6).
enum JSONNumber {
    /// Steps over the number that starts at `start`.
    /// - Returns: its end.
    static func end(in bytes: UnsafeRawBufferPointer, from start: Int) throws(JSONError) -> Int {
        var index = start
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
        if index < bytes.count, bytes[index] == UInt8(ascii: "0") {
            index += 1
        } else {
            index = try endOfDigits(in: bytes, from: index)
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index = try endOfDigits(in: bytes, from: index + 1)
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            index = try endOfDigits(in: bytes, from: index)
        }
        return index
    }

    /// The value of a valid number, which may be written as 1.0, 10e-1 or 1E3 as long as it is whole.
    /// - Parameter offset: where it is in the text, for errors.
    static func integer(_ number: UnsafeRawBufferPointer, at offset: Int) throws(JSONError) -> Int64 {
        let isNegative = number[0] == UInt8(ascii: "-")
        // Negative, since the smallest number has no positive counterpart.
        var value: Int64 = 0
        var index = isNegative ? 1 : 0
        while index < number.count {
            let digit = number[index] &- UInt8(ascii: "0")
            guard digit < 10, append(digit, to: &value) else {
                return try unusualInteger(number, isNegative: isNegative, at: offset)
            }
            index += 1
        }
        return try signed(value, isNegative: isNegative, at: offset)
    }

    /// Takes fraction and exponent into account, so that the point moves before it is decided what the number is.
    private static func unusualInteger(
        _ number: UnsafeRawBufferPointer, isNegative: Bool, at offset: Int
    ) throws(JSONError) -> Int64 {
        let mantissaEnd = number.firstIndex { $0 | 0x20 == UInt8(ascii: "e") } ?? number.count
        let point = number[..<mantissaEnd].firstIndex(of: UInt8(ascii: ".")) ?? mantissaEnd
        let isSignificant: (UInt8) -> Bool = { $0 > UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        guard let last = number[..<mantissaEnd].lastIndex(where: isSignificant) else { return 0 }

        // How many zeros follow the last significant digit; negative if it stands behind the point.
        var zeros = last < point ? point - last - 1 : point - last
        zeros += exponent(number[mantissaEnd...])
        if zeros < 0 { throw JSONError(.notIntegral, at: offset) }

        var value: Int64 = 0
        for byte in number[...last] where byte >= UInt8(ascii: "0") {
            guard append(byte - UInt8(ascii: "0"), to: &value) else { throw JSONError(.outOfRange, at: offset) }
        }
        while zeros > 0 {
            guard append(0, to: &value) else { throw JSONError(.outOfRange, at: offset) }
            zeros -= 1
        }
        return try signed(value, isNegative: isNegative, at: offset)
    }

    /// The value of `e+12`, kept within what no text is long enough to make up for.
    private static func exponent(_ text: Slice<UnsafeRawBufferPointer>) -> Int {
        var value = 0
        for byte in text where byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") {
            value = min(value * 10 + Int(byte - UInt8(ascii: "0")), 1 << 48)
        }
        return text.contains(UInt8(ascii: "-")) ? -value : value
    }

    @inline(__always)
    private static func append(_ digit: UInt8, to value: inout Int64) -> Bool {
        let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
        let (difference, stillTooLarge) = product.subtractingReportingOverflow(Int64(digit))
        value = difference
        return !tooLarge && !stillTooLarge
    }

    private static func signed(_ value: Int64, isNegative: Bool, at offset: Int) throws(JSONError) -> Int64 {
        if isNegative { return value }
        guard value != .min else { throw JSONError(.outOfRange, at: offset) }
        return -value
    }

    @inline(__always)
    private static func endOfDigits(in bytes: UnsafeRawBufferPointer, from start: Int) throws(JSONError) -> Int {
        var index = start
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index += 1 }
        guard index > start else { throw JSONError(.syntax, at: index) }
        return index
    }
}
