import NIOCore

/// Reads a request line and headers (RFC 9112, sections 2 to 5), leniently in nothing that two readers could
/// understand differently.
enum HTTPHeadParser {
    static let longestHead = 16 * 1024
    static let longestTarget = 8 * 1024
    static let mostHeaders = 100

    /// The length of the head, including the empty line that ends it, or nil if it has not all come.
    /// - Parameter scanned: how many bytes were looked at in vain before; moves on.
    static func length(
        in bytes: UnsafeRawBufferPointer, scanned: inout Int
    ) throws(HTTPWireError) -> Int? {
        let window = min(bytes.count, longestHead)
        while scanned < window {
            let index = scanned
            scanned += 1
            guard bytes[index] == HTTPBytes.lf else { continue }
            guard index > 0, bytes[index - 1] == HTTPBytes.cr else { throw .lineEnd }
            if index > 2, bytes[index - 2] == HTTPBytes.lf { return index + 1 }
        }
        guard window == longestHead else { return nil }
        let targetIsToBlame = !bytes[part: 0..<longestTarget].contains(HTTPBytes.lf)
        throw targetIsToBlame ? .targetTooLong : .headTooLarge
    }

    /// - Parameter head: a whole head, including the empty line.
    static func parse(_ head: ByteBuffer) throws(HTTPWireError) -> HTTPWireHead {
        try head.withBytes { bytes throws(HTTPWireError) in try parse(bytes, of: head) }
    }

    /// Reads the header line at `index`, which ends in a line feed, and moves to the next.
    static func parseField(
        _ bytes: UnsafeRawBufferPointer, at index: inout Int
    ) throws(HTTPWireError) -> HTTPWireHeaders.Entry {
        let nameStart = index
        if HTTPBytes.isWhiteSpace(bytes[index]) { throw .foldedHeader }
        while HTTPBytes.isToken(bytes[index]) { index += 1 }
        let nameEnd = index
        guard nameEnd > nameStart, bytes[nameEnd] == UInt8(ascii: ":") else { throw .headerName }

        index += 1
        while HTTPBytes.isWhiteSpace(bytes[index]) { index += 1 }
        let valueStart = index
        while HTTPBytes.isValue(bytes[index]) { index += 1 }
        var valueEnd = index
        guard bytes[index] == HTTPBytes.cr else { throw .headerValue }
        guard bytes[index + 1] == HTTPBytes.lf else { throw .lineEnd }
        index += 2
        while valueEnd > valueStart, HTTPBytes.isWhiteSpace(bytes[valueEnd - 1]) { valueEnd -= 1 }
        return HTTPWireHeaders.Entry(
            nameStart: UInt16(nameStart), nameEnd: UInt16(nameEnd),
            valueStart: UInt16(valueStart), valueEnd: UInt16(valueEnd))
    }

    private static func parse(
        _ bytes: UnsafeRawBufferPointer, of head: ByteBuffer
    ) throws(HTTPWireError) -> HTTPWireHead {
        var index = 0
        let line = try HTTPRequestLine(bytes, at: &index)
        var framing = HTTPFraming(version: line.version)
        var entries: [HTTPWireHeaders.Entry] = []
        entries.reserveCapacity(8)
        while bytes[index] != HTTPBytes.cr {
            guard entries.count < mostHeaders else { throw .tooManyHeaders }
            let entry = try parseField(bytes, at: &index)
            try framing.take(
                name: bytes[part: Int(entry.nameStart)..<Int(entry.nameEnd)],
                value: bytes[part: Int(entry.valueStart)..<Int(entry.valueEnd)])
            entries.append(entry)
        }
        guard bytes[index + 1] == HTTPBytes.lf else { throw .lineEnd }
        let bodyLength = try framing.bodyLength()
        return HTTPWireHead(
            method: line.method, version: line.version, keepAlive: framing.keepAlive,
            headers: HTTPWireHeaders(head: head, entries: entries), targetRange: line.target, pathRange: line.path,
            bodyLength: bodyLength, expectsContinue: framing.expectsContinue)
    }
}
