package import NIOCore

extension ByteBuffer {
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

    /// - Parameter value: JSON already, written as it is.
    package mutating func member(_ name: StaticString, raw value: String?) {
        guard let value else { return }
        begin(name)
        buffer.writeString(value)
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
