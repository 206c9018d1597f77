package import NIOCore

extension ByteBuffer {
    /// Writes an array whose elements `body` writes.
    package mutating func writeJSONArray<Element>(
        _ elements: some Sequence<Element>, _ body: (Element, inout ByteBuffer) -> Void
    ) {
        writeInteger(UInt8(ascii: "["))
        var isFirst = true
        for element in elements {
            if !isFirst { writeInteger(UInt8(ascii: ",")) }
            isFirst = false
            body(element, &self)
        }
        writeInteger(UInt8(ascii: "]"))
    }

    /// Writes an object whose members `body` adds.
    package mutating func writeJSONObject(_ body: (inout JSONObjectWriter) -> Void) {
        var writer = JSONObjectWriter(buffer: self)
        // The writer is to be the storage's only owner, or else its first write copies it.
        self = ByteBuffer()
        writer.writeObject(body)
        self = writer.buffer
    }
}

/// Adds members to an object that is being written. Names are literals that need no escapes; nil adds nothing.
package struct JSONObjectWriter {
    fileprivate var buffer: ByteBuffer
    private var isFirst = true

    fileprivate init(buffer: ByteBuffer) {
        self.buffer = buffer
    }

    package mutating func member(_ name: StaticString, string value: String?) {
        guard let value else { return }
        begin(name)
        buffer.writeJSONString(value)
    }

    package mutating func member(_ name: StaticString, int value: Int64?) {
        guard let value else { return }
        begin(name)
        buffer.writeDecimal(value)
    }

    package mutating func member(_ name: StaticString, bool value: Bool?) {
        guard let value else { return }
        begin(name)
        buffer.writeStaticString(value ? "true" : "false")
    }

    /// - Parameter key: any text.
    package mutating func member(key: String, string value: String) {
        if !isFirst { buffer.writeInteger(UInt8(ascii: ",")) }
        isFirst = false
        buffer.writeJSONString(key)
        buffer.writeInteger(UInt8(ascii: ":"))
        buffer.writeJSONString(value)
    }

    /// - Parameter value: JSON already, written as it is.
    package mutating func member(_ name: StaticString, raw value: String?) {
        guard let value else { return }
        begin(name)
        buffer.writeString(value)
    }

    package mutating func member(_ name: StaticString, strings values: [String]) {
        begin(name)
        buffer.writeJSONArray(values) { $1.writeJSONString($0) }
    }

    /// - Parameter body: adds the members of one of the objects.
    package mutating func member<Element>(
        _ name: StaticString, objects elements: some Sequence<Element>,
        _ body: (Element, inout JSONObjectWriter) -> Void
    ) {
        begin(name)
        buffer.writeJSONArray(elements) { element, buffer in buffer.writeJSONObject { body(element, &$0) } }
    }

    package mutating func member(_ name: StaticString, object body: (inout JSONObjectWriter) -> Void) {
        begin(name)
        writeObject(body)
        isFirst = false
    }

    fileprivate mutating func writeObject(_ body: (inout JSONObjectWriter) -> Void) {
        buffer.writeInteger(UInt8(ascii: "{"))
        isFirst = true
        body(&self)
        buffer.writeInteger(UInt8(ascii: "}"))
    }

    private mutating func begin(_ name: StaticString) {
        buffer.writeStaticString(isFirst ? "\"" : ",\"")
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
        isFirst = false
    }
}
