import ApusHTTP
import NIOCore
import Testing

@Suite("WebSocketUpgrade")
struct WebSocketUpgradeTests {
    private static let headers = [
        "Host: a", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]

    /// - Parameter headers: lines that take the place of the usual ones.
    private func upgrade(
        method: String = "GET", version: String = "1.1", replacing index: Int = 0, with headers: [String] = ["Host: a"]
    ) throws -> WebSocketUpgrade {
        var lines = Self.headers
        lines.replaceSubrange(index...index, with: headers)
        var decoder = HTTPRequestDecoder { _ in 0 }
        var bytes = ByteBuffer(
            string: "\(method) /ws HTTP/\(version)\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n")
        decoder.append(&bytes)
        guard case .request(let request)? = try decoder.next() else { throw HTTPWireError(0, "none", "") }
        return try WebSocketUpgrade(request)
    }

    @Test("Answers the example of RFC 6455, section 1.3")
    func example() throws {
        var buffer = ByteBuffer()
        try upgrade().writeResponse(into: &buffer)
        #expect(
            String(buffer: buffer)
                == "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
    }

    @Test("Takes the token lists as they may be written")
    func lists() throws {
        let expected = try upgrade()
        #expect(try upgrade(replacing: 1, with: ["upgrade: h2c, WebSocket"]) == expected)
        #expect(try upgrade(replacing: 2, with: ["connection: keep-alive, UPGRADE"]) == expected)
        #expect(try upgrade(replacing: 2, with: ["Connection: keep-alive", "Connection: upgrade"]) == expected)
        let other = try upgrade(replacing: 4, with: ["Sec-WebSocket-Key: +/AAAAAAAAAAAAAAAAAAAA=="])
        #expect(other != expected)
        #expect(other.acceptKey.utf8.count == 28)
    }

    @Test(
        "Refuses what is not a handshake",
        arguments: [
            (1, []), (1, ["Upgrade: h2c"]), (1, ["Upgrade: websockets"]), (2, []), (2, ["Connection: close"]), (3, []),
            (4, []), (4, ["Sec-WebSocket-Key:"]), (4, ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"]),
            (4, ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=a"]), (4, ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWE="]),
            (4, ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j-Q=="]), (4, ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==="]),
            (4, [headers[4], headers[4]]),
        ] as [(Int, [String])])
    func refuses(_ index: Int, _ lines: [String]) {
        let error = #expect(throws: HTTPWireError.self) { try upgrade(replacing: index, with: lines) }
        #expect(error?.status == 400)
        #expect(error?.headers == [])
    }

    @Test("Refuses other methods and HTTP/1.0")
    func method() {
        #expect(throws: HTTPWireError.self) { try upgrade(method: "POST") }
        #expect(throws: HTTPWireError.self) { try upgrade(version: "1.0") }
    }

    @Test("Says which version it speaks", arguments: ["8", "12", "14", "", "13, 8", "x"])
    func version(_ version: String) {
        let error = #expect(throws: HTTPWireError.self) {
            try upgrade(replacing: 3, with: ["Sec-WebSocket-Version: \(version)"])
        }
        #expect(error?.status == 426)
        #expect(error?.headers.contains(HTTPWireField("Sec-WebSocket-Version", "13")) == true)
    }
}
