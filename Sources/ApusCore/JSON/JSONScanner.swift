package import NIOCore

/// Reads a JSON text (RFC 8259) front to back, as the caller asks for its values.
///
/// The caller steps through objects and arrays and reads or skips each value in them:
///
///     try JSONScanner.withObject(in: body) { scanner in
///         while let key = try scanner.nextKey() {
///             switch key {
///             case "appId": appID = try scanner.string()
///             default: try scanner.skipValue()
///             }
///         }
///     }
///
/// Whatever is read or skipped is checked in full. What to do about a repeated key is up to the caller.
package struct JSONScanner {
    /// How many objects and arrays may be open at once.
    package static let deepestNesting = 64

    let bytes: UnsafeRawBufferPointer
    var position = 0
    private var nesting = 0
    /// Whether an object or array was just opened, so that no comma comes before what follows.
    private var isFirst = false

    private init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Reads a text that is one object. `body` starts inside it and must step until `nextKey()` returns nil.
    /// - Throws: `JSONError`, also if anything but white space follows the object, and what `body` throws.
    package static func withObject<R>(in text: ByteBuffer, _ body: (inout JSONScanner) throws -> R) throws -> R {
        try withValue(in: text) { scanner in
            try scanner.beginObject()
            return try body(&scanner)
        }
    }

    /// Reads a text that is one value of any type. `body` starts before it and must read or skip it.
    /// - Throws: `JSONError`, also if anything but white space follows the value, and what `body` throws.
    package static func withValue<R>(in text: ByteBuffer, _ body: (inout JSONScanner) throws -> R) throws -> R {
        try text.withUnsafeReadableBytes { bytes in
            var scanner = JSONScanner(bytes)
            let result = try body(&scanner)
            try scanner.finish()
            return result
        }
    }

    /// The type of the value that comes next.
    package mutating func kind() throws(JSONError) -> JSONKind {
        switch try nextByte() {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case JSONText.quote: return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        default: throw JSONError(.syntax, at: position)
        }
    }

    /// Steps into the object that comes next; `nextKey()` steps through it and out of it.
    package mutating func beginObject() throws(JSONError) {
        try begin(.object)
    }

    /// Steps to the next member's value and returns its name, or steps out of the object and returns nil.
    package mutating func nextKey() throws(JSONError) -> JSONKey? {
        guard try step(closing: UInt8(ascii: "}")) else { return nil }
        guard try nextByte() == JSONText.quote else { throw JSONError(.syntax, at: position) }
        let (content, hasEscapes) = try scanString()
        guard try nextByte() == UInt8(ascii: ":") else { throw JSONError(.syntax, at: position) }
        position += 1
        return JSONKey(content: content, hasEscapes: hasEscapes)
    }

    /// Steps into the array that comes next; `nextElement()` steps through it and out of it.
    package mutating func beginArray() throws(JSONError) {
        try begin(.array)
    }

    /// Steps to the next element and returns true, or steps out of the array and returns false.
    package mutating func nextElement() throws(JSONError) -> Bool {
        try step(closing: UInt8(ascii: "]"))
    }

    /// Steps over the white space before the next token and returns its first byte.
    @inline(__always)
    mutating func nextByte() throws(JSONError) -> UInt8 {
        skipWhiteSpace()
        guard position < bytes.count else { throw JSONError(.syntax, at: position) }
        return bytes[position]
    }

    private mutating func begin(_ container: JSONKind) throws(JSONError) {
        try expect(container)
        guard nesting < Self.deepestNesting else { throw JSONError(.tooDeep, at: position) }
        nesting += 1
        position += 1
        isFirst = true
    }

    /// Steps over the comma before the next member or element, or over the closing bracket.
    @inline(__always)
    private mutating func step(closing: UInt8) throws(JSONError) -> Bool {
        let byte = try nextByte()
        if byte == closing {
            position += 1
            nesting -= 1
            isFirst = false
            return false
        }
        if isFirst {
            isFirst = false
            return true
        }
        guard byte == UInt8(ascii: ",") else { throw JSONError(.syntax, at: position) }
        position += 1
        return true
    }

    private mutating func finish() throws(JSONError) {
        skipWhiteSpace()
        guard nesting == 0, position == bytes.count else { throw JSONError(.syntax, at: position) }
    }

    @inline(__always)
    private mutating func skipWhiteSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }
}
