import NIOCore

/// A request's headers, as slices of its head. Names are compared whatever their case.
package struct HTTPWireHeaders: Sendable {
    /// Where a header is in the head, which is at most 16 KB.
    struct Entry: Sendable {
        let nameStart: UInt16
        let nameEnd: UInt16
        let valueStart: UInt16
        let valueEnd: UInt16
    }

    let head: ByteBuffer
    let entries: [Entry]

    package var count: Int { entries.count }

    /// All headers in the order they came.
    package var fields: [HTTPWireField] {
        head.withUnsafeReadableBytes { bytes in
            entries.map { entry in
                HTTPWireField(
                    String(decoding: bytes[part: Int(entry.nameStart)..<Int(entry.nameEnd)], as: UTF8.self),
                    String(decoding: bytes[part: Int(entry.valueStart)..<Int(entry.valueEnd)], as: UTF8.self))
            }
        }
    }

    /// The value of the first header of this name.
    package func first(_ name: StaticString) -> String? {
        var first: String?
        forEachValue(name) { value in
            first = String(decoding: value, as: UTF8.self)
            return false
        }
        return first
    }

    /// The values of all headers of this name.
    package func all(_ name: StaticString) -> [String] {
        var values: [String] = []
        forEachValue(name) { value in
            values.append(String(decoding: value, as: UTF8.self))
            return true
        }
        return values
    }

    /// Whether the comma-separated values of the headers of this name list `token`, whatever its case.
    package func list(_ name: StaticString, has token: StaticString) -> Bool {
        var isListed = false
        forEachValue(name) { value in
            isListed = value.hasListedToken(token)
            return !isListed
        }
        return isListed
    }

    /// Goes on as long as `body` returns true.
    @inline(__always)
    private func forEachValue(_ name: StaticString, _ body: (UnsafeRawBufferPointer) -> Bool) {
        head.withUnsafeReadableBytes { bytes in
            for entry in entries {
                let range = Int(entry.nameStart)..<Int(entry.nameEnd)
                guard range.count == name.utf8CodeUnitCount, bytes[part: range].matchesIgnoringCase(name) else {
                    continue
                }
                guard body(bytes[part: Int(entry.valueStart)..<Int(entry.valueEnd)]) else { return }
            }
        }
    }
}
