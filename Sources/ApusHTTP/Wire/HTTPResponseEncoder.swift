import ApusCore
package import NIOCore

/// Writes responses (RFC 9112). There is no clock here: a Date is the caller's to add.
///
/// Extra headers whose name is not a token or whose value has a CR, LF or other control character are left out, so
/// that no text from elsewhere splits a response. So are Content-Length, Transfer-Encoding and Connection, which
/// the other parameters decide.
package enum HTTPResponseEncoder {
    /// What answers `expectContinue`.
    package static let continueResponse = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

    /// Writes a response with all of its body.
    /// - Parameter omitsBody: leaves the body out but not its length, as the answer to HEAD must.
    package static func writeResponse(
        status: Int, contentType: String?, headers: [HTTPWireField] = [],
        connection: HTTPResponseConnection = .unmentioned, body: ByteBuffer, omitsBody: Bool = false,
        into buffer: inout ByteBuffer
    ) {
        let hasBody = !(status < 200 || status == 204 || status == 304)
        writeHead(
            status: status, contentType: contentType, headers: headers, connection: connection,
            framing: hasBody ? .length(body.readableBytes) : .none, into: &buffer)
        if hasBody, !omitsBody { buffer.writeImmutableBuffer(body) }
    }

    /// Writes a head with the empty line that ends it.
    package static func writeHead(
        status: Int, contentType: String?, headers: [HTTPWireField] = [],
        connection: HTTPResponseConnection = .unmentioned, framing: HTTPResponseFraming,
        into buffer: inout ByteBuffer
    ) {
        buffer.writeHTTPStatusLine(status)
        if let contentType, isValue(contentType) {
            buffer.writeStaticString("Content-Type: ")
            buffer.writeString(contentType)
            buffer.writeStaticString("\r\n")
        }
        switch framing {
        case .length(let length):
            buffer.writeStaticString("Content-Length: ")
            buffer.writeHTTPDecimal(length)
            buffer.writeStaticString("\r\n")
        case .chunked: buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
        case .untilClose, .none: break
        }
        for header in headers { write(header, into: &buffer) }
        switch framing == .untilClose ? .close : connection {
        case .unmentioned: break
        case .keepAlive: buffer.writeStaticString("Connection: keep-alive\r\n")
        case .close: buffer.writeStaticString("Connection: close\r\n")
        }
        buffer.writeStaticString("\r\n")
    }

    /// Writes a chunk of a body. Nothing is written for no bytes, since an empty chunk would end the body.
    package static func writeChunk(_ data: ByteBuffer, into buffer: inout ByteBuffer) {
        guard data.readableBytes > 0 else { return }
        writeChunkSize(data.readableBytes, into: &buffer)
        buffer.writeImmutableBuffer(data)
        buffer.writeStaticString("\r\n")
    }

    /// Begins a chunk of so many bytes, which the caller writes with a line break behind them.
    package static func writeChunkSize(_ size: Int, into buffer: inout ByteBuffer) {
        buffer.writeString(String(size, radix: 16))
        buffer.writeStaticString("\r\n")
    }

    /// Ends a body of chunks.
    package static func writeLastChunk(into buffer: inout ByteBuffer) {
        buffer.writeStaticString("0\r\n\r\n")
    }

    private static func write(_ header: HTTPWireField, into buffer: inout ByteBuffer) {
        guard isName(header.name), isValue(header.value), !isOwnHeader(header.name) else { return }
        buffer.writeString(header.name)
        buffer.writeStaticString(": ")
        buffer.writeString(header.value)
        buffer.writeStaticString("\r\n")
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { HTTPBytes.isToken($0) }
    }

    private static func isValue(_ value: String) -> Bool {
        value.utf8.allSatisfy { HTTPBytes.isValue($0) }
    }

    private static func isOwnHeader(_ name: String) -> Bool {
        switch name.utf8.count {
        case 10: name.lowercased() == "connection"
        case 14: name.lowercased() == "content-length"
        case 17: name.lowercased() == "transfer-encoding"
        default: false
        }
    }
}

extension ByteBuffer {
    @inline(__always)
    mutating func writeHTTPDecimal(_ number: Int) {
        writeDecimal(Int64(number))
    }
}
