/// Reading values. Each of these throws `wrongType` and stays where it is if another type of value comes next.
extension JSONScanner {
    package mutating func string() throws(JSONError) -> String {
        try expect(.string)
        let (content, hasEscapes) = try scanString()
        return hasEscapes ? JSONText.unescaped(content) : String(decoding: content, as: UTF8.self)
    }

    /// A whole number, in whatever notation: 1000, 1000.0 and 1e3 are the same.
    ///
    /// Throws `notIntegral` or `outOfRange`, and stays where it is, if it is another number.
    package mutating func int() throws(JSONError) -> Int64 {
        try expect(.number)
        let end = try JSONNumber.end(in: bytes, from: position)
        let number = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
        let value = try JSONNumber.integer(number, at: position)
        position = end
        return value
    }

    package mutating func bool() throws(JSONError) -> Bool {
        try expect(.bool)
        let value = bytes[position] == UInt8(ascii: "t")
        try scan(value ? "true" : "false")
        return value
    }

    package mutating func null() throws(JSONError) {
        try expect(.null)
        try scan("null")
    }

    /// Steps over a value of any type.
    package mutating func skipValue() throws(JSONError) {
        switch try kind() {
        case .object:
            try beginObject()
            while try nextKey() != nil { try skipValue() }
        case .array:
            try beginArray()
            while try nextElement() { try skipValue() }
        case .string: _ = try scanString()
        case .number: position = try JSONNumber.end(in: bytes, from: position)
        case .bool: _ = try bool()
        case .null: try null()
        }
    }

    /// A value of any type, as the text that it is, without the white space around it.
    package mutating func rawValue() throws(JSONError) -> String {
        _ = try nextByte()
        let start = position
        try skipValue()
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    @inline(__always)
    mutating func expect(_ expected: JSONKind) throws(JSONError) {
        guard try kind() == expected else { throw JSONError(.wrongType(expected: expected), at: position) }
    }

    /// Steps over the string whose opening quote comes next.
    mutating func scanString() throws(JSONError) -> (content: UnsafeRawBufferPointer, hasEscapes: Bool) {
        let start = position + 1
        var index = start
        var hasEscapes = false
        while true {
            index = JSONText.endOfPlainRun(in: bytes, from: index, stopsBeyondASCII: true)
            while index < bytes.count, bytes[index] >= 0x80 {
                let length = UTF8Validator.sequenceLength(in: bytes, at: index)
                guard length > 0 else { throw JSONError(.invalidUTF8, at: index) }
                index += length
            }
            guard index < bytes.count else { throw JSONError(.syntax, at: index) }
            switch bytes[index] {
            case JSONText.quote:
                position = index + 1
                return (UnsafeRawBufferPointer(rebasing: bytes[start..<index]), hasEscapes)
            case JSONText.backslash:
                guard let end = JSONText.endOfEscape(in: bytes, at: index) else { throw JSONError(.syntax, at: index) }
                index = end
                hasEscapes = true
            case 0..<0x20:
                throw JSONError(.syntax, at: index)
            default:
                continue
            }
        }
    }

    private mutating func scan(_ literal: StaticString) throws(JSONError) {
        let literal = UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
        for index in 0..<literal.count {
            guard position + index < bytes.count, bytes[position + index] == literal[index] else {
                throw JSONError(.syntax, at: position)
            }
        }
        position += literal.count
    }
}
