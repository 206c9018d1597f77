import Crypto
package import NIOCore

/// The opening handshake (RFC 6455, section 4.2), without subprotocols and extensions.
package struct WebSocketUpgrade: Sendable, Equatable {
    /// The answer's Sec-WebSocket-Accept.
    package let acceptKey: String

    /// - Throws: `HTTPWireError` if `request` is not a handshake, or one of another version (426).
    package init(_ request: HTTPWireRequest) throws(HTTPWireError) {
        let headers = request.headers
        guard request.method == .get, request.version == .http11 else { throw .notHandshake }
        guard headers.list("upgrade", has: "websocket"), headers.list("connection", has: "upgrade") else {
            throw .notHandshake
        }
        let versions = headers.all("sec-websocket-version")
        guard versions == ["13"] else { throw versions.isEmpty ? .notHandshake : .webSocketVersion }
        let keys = headers.all("sec-websocket-key")
        guard keys.count == 1, Self.isKey(keys[0]) else { throw .webSocketKey }
        acceptKey = Self.acceptKey(for: keys[0])
    }

    /// Writes the answer, after which both sides speak WebSocket.
    package func writeResponse(into buffer: inout ByteBuffer) {
        buffer.writeHTTPStatusLine(101)
        buffer.writeStaticString("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
        buffer.writeString(acceptKey)
        buffer.writeStaticString("\r\n\r\n")
    }

    static func acceptKey(for key: String) -> String {
        var hash = Insecure.SHA1()
        hash.update(data: Array(key.utf8))
        hash.update(data: Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8))
        return base64(Array(hash.finalize()))
    }

    /// Whether this is 16 bytes in base64. Unused bits of the last digit may be set, since many a decoder takes them.
    private static func isKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        return bytes.count == 24 && bytes[..<22].allSatisfy(digits.contains) && bytes[22...] == [padding, padding]
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(3 - group.count) * 8
            for digit in 0..<4 {
                let value = Int(bits >> UInt32(18 - 6 * digit) & 0x3F)
                text.append(digit <= group.count ? digits[value] : padding)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")
}

extension HTTPWireError {
    static let notHandshake = Self(400, "bad_websocket_handshake", "The request is not a WebSocket handshake.")
    static let webSocketKey = Self(400, "bad_websocket_key", "The Sec-WebSocket-Key is not 16 bytes in base64.")
    static let webSocketVersion = Self(
        426, "unsupported_websocket_version", "The only WebSocket version is 13.",
        headers: [HTTPWireField("Upgrade", "websocket"), HTTPWireField("Sec-WebSocket-Version", "13")])
}
