import ApusHTTP
import NIOCore
import Testing

@Suite("HTTPRequestDecoder")
struct HTTPRequestDecoderTests {
    private static let hot =
        "POST /msgpush/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
        + "{\"a\":\"b\"}"

    private func request(_ text: String) throws -> HTTPWireRequest {
        var decoder = HTTPRequestDecoder { _ in 1000 }
        var bytes = ByteBuffer(string: text)
        decoder.append(&bytes)
        #expect(bytes.readableBytes == 0)
        guard case .request(let request)? = try decoder.next() else { throw HTTPWireError(0, "none", "") }
        let further = try decoder.next()
        #expect(further == nil)
        return request
    }

    @Test("Reads a usual request")
    func usual() throws {
        let request = try request(Self.hot)
        #expect(request.method == .post)
        #expect(request.target == "/msgpush/send")
        #expect(request.path == "/msgpush/send")
        #expect(request.query == nil)
        #expect(request.version == .http11)
        #expect(request.keepAlive)
        #expect(request.head.hasPath("/msgpush/send"))
        #expect(!request.head.hasPath("/msgpush/senD"))
        #expect(request.headers.count == 3)
        #expect(request.headers.first("content-type") == "application/json")
        #expect(request.headers.first("CONTENT-LENGTH") == "9")
        #expect(request.headers.first("content-typo") == nil)
        #expect(String(buffer: request.body) == "{\"a\":\"b\"}")
    }

    @Test(
        "Any cut of the input gives the same requests",
        arguments: [
            hot,
            hot + hot + "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\n\r\nGET /a?b=c HTTP/1.0\r\n\r\n\r\n",
            "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "5\r\nhello\r\n1;a=\"b\"\r\n \r\n00000a \t;x\r\n0123456789\r\n0\r\nTrailer: x\r\nOther:y\r\n\r\n"
                + hot,
            "DELETE /x HTTP/1.1\r\nHost: a\r\ntransfer-encoding:chunked\r\n\r\n0\r\n\r\n"
                + "GET /y HTTP/1.1\r\nhost:\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/1.1\nHost: a\r\n\r\n", "\n",
            "\r\n\rGET / HTTP/1.0\r\n\r\n",
            hot + "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        ])
    func cuts(_ text: String) {
        let whole = HTTPOutcome.decoding(text)
        #expect(!whole.requests.isEmpty || whole.error != nil)
        #expect(whole.isIdle == (whole.error == nil))
        for pieces in splits(Array(text.utf8)) {
            let outcome = HTTPOutcome.decoding(pieces)
            if outcome != whole { Issue.record("\(pieces.map(\.count)): \(outcome), not \(whole)") }
        }
    }

    @Test("Joins chunks and drops extensions and trailers")
    func chunks() throws {
        let request = try request(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5;n=v\r\nhello\r\nB\r\n, the world\r\n0;last\r\nX: y\r\n\r\n")
        #expect(String(buffer: request.body) == "hello, the world")
        #expect(request.headers.first("x") == nil)
    }

    @Test("Pipelined requests come one at a time, the rest waiting")
    func pipelining() throws {
        var decoder = HTTPRequestDecoder { _ in 1000 }
        #expect(decoder.isIdle)
        var bytes = ByteBuffer(string: Self.hot + "BAD\r\n\r\n")
        decoder.append(&bytes)
        guard case .request? = try decoder.next() else { throw HTTPWireError(0, "none", "") }
        #expect(!decoder.isIdle)
        #expect(throws: HTTPWireError.self) { try decoder.next() }
    }

    @Test("The bytes after a request can be taken away")
    func unread() throws {
        var decoder = HTTPRequestDecoder { _ in 1000 }
        var bytes = ByteBuffer(string: Self.hot + "rest")
        decoder.append(&bytes)
        _ = try decoder.next()
        #expect(String(buffer: decoder.takeUnread()) == "rest")
        #expect(decoder.isIdle)
        #expect(decoder.takeUnread().readableBytes == 0)
    }

    @Test(
        "Knows the methods, which are case-sensitive",
        arguments: [
            ("GET", .get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("PATCH", .patch), ("DELETE", .delete),
            ("OPTIONS", .options), ("get", .other("get")), ("M-SEARCH", .other("M-SEARCH")),
        ] as [(String, HTTPWireMethod)])
    func methods(_ name: String, _ method: HTTPWireMethod) throws {
        let read = try request("\(name) / HTTP/1.1\r\nHost: a\r\n\r\n").method
        #expect(read == method)
        #expect(read.description == name)
    }

    @Test(
        "Finds path and query in every form of target",
        arguments: [
            ("/", "/", nil), ("/a/b?c=d&e", "/a/b", "c=d&e"), ("/?", "/", ""), ("/a?b?c", "/a", "b?c"),
            ("//a//", "//a//", nil), ("/%20%2F", "/%20%2F", nil), ("http://h/p?q", "/p", "q"),
            ("HTTPS://h:1/p", "/p", nil),
            ("http://h", "/", nil), ("http://h?q", "/", "q"),
        ] as [(String, String, String?)])
    func targets(_ target: String, _ path: String, _ query: String?) throws {
        let head = try request("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").head
        #expect(head.target == target)
        #expect(head.path == path)
        #expect(head.query == query)
        #expect(head.hasPath("/") == (path == "/"))
    }

    @Test("OPTIONS may ask about the server as a whole")
    func asterisk() throws {
        #expect(try request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").path == "*")
    }

    @Test(
        "Knows whether the connection stays",
        arguments: [
            ("HTTP/1.1", "", true), ("HTTP/1.1", "close", false), ("HTTP/1.1", "x, CLOSE ,y", false),
            ("HTTP/1.1", "closed", true), ("HTTP/1.1", "keep-alive", true), ("HTTP/1.1", "keep-alive, close", false),
            ("HTTP/1.0", "", false), ("HTTP/1.0", "Keep-Alive", true), ("HTTP/1.0", "keep-alive, close", false),
        ])
    func keepAlive(_ version: String, _ connection: String, _ expected: Bool) throws {
        let request = try request("GET / \(version)\r\nHost: a\r\nConnection: \(connection)\r\n\r\n")
        #expect(request.keepAlive == expected)
        let answer = HTTPResponseConnection(answering: request.head)
        #expect(answer == (!expected ? .close : version == "HTTP/1.0" ? .keepAlive : .unmentioned))
    }

    @Test("Finds headers whatever their case, without the white space around the values")
    func headers() throws {
        let headers = try request(
            "GET / HTTP/1.1\r\nHost: a\r\nX-A: \t one \t\r\nx-a:two,  Three\r\nEmpty:\r\nX-B: é\r\n\r\n"
        ).headers
        #expect(headers.first("x-A") == "one")
        #expect(headers.all("X-a") == ["one", "two,  Three"])
        #expect(headers.all("x") == [])
        #expect(headers.first("empty") == "")
        #expect(headers.first("x-b") == "é")
        #expect(headers.list("x-a", has: "three"))
        #expect(headers.list("x-a", has: "one"))
        #expect(!headers.list("x-a", has: "thre"))
        #expect(headers.fields[1] == HTTPWireField("X-A", "one"))
        // @ and ` differ in the bit that tells cases apart, but are no letters.
        #expect(try request("GET / HTTP/1.1\r\nHost: a\r\n`: x\r\n\r\n").headers.first("@") == nil)
    }

    @Test("Tells once that the client waits to be told to go on")
    func expectContinue() throws {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n"
        for framing in ["Content-Length: 2\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"] {
            var decoder = HTTPRequestDecoder { _ in 10 }
            var bytes = ByteBuffer(string: head + framing)
            decoder.append(&bytes)
            guard case .expectContinue? = try decoder.next() else { throw HTTPWireError(0, "none", "") }
            let further = try decoder.next()
            #expect(further == nil)
            #expect(!decoder.isIdle)
            bytes = ByteBuffer(string: framing.hasPrefix("C") ? "ab" : "2\r\nab\r\n0\r\n\r\n")
            decoder.append(&bytes)
            guard case .request(let request)? = try decoder.next() else { throw HTTPWireError(0, "none", "") }
            #expect(String(buffer: request.body) == "ab")
            #expect(decoder.isIdle)
        }
        // Not if the body is under way, if there is none, or to HTTP/1.0.
        #expect(HTTPOutcome.decoding(head + "Content-Length: 2\r\n\r\na").continues == 0)
        #expect(HTTPOutcome.decoding(head + "Content-Length: 0\r\n\r\n").continues == 0)
        #expect(
            HTTPOutcome.decoding("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n").continues == 0)
        #expect(HTTPOutcome.decoding(head + "Content-Length: 2000\r\n\r\n").error?.status == 413)
    }

    @Test("The limit of a body may depend on its head")
    func bodyLimit() {
        let limit: @Sendable (HTTPWireHead) -> Int = { $0.hasPath("/big") ? 10 : 2 }
        for (path, length, isAccepted) in [("/big", 10, true), ("/big", 11, false), ("/s", 2, true), ("/s", 3, false)] {
            let body = String(repeating: "x", count: length)
            let head = "PUT \(path) HTTP/1.1\r\nHost: a\r\n"
            let chunked =
                head + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n\(String(length - 1, radix: 16))\r\n"
                + "\(body.dropFirst())\r\n0\r\n\r\n"
            // A body that is too long is refused before any of it has come.
            let counted = head + "Content-Length: \(length)\r\n\r\n" + (isAccepted ? body : "")
            for text in [chunked, counted] {
                var decoder = HTTPRequestDecoder(bodyLimit: limit)
                var bytes = ByteBuffer(string: text)
                decoder.append(&bytes)
                do throws(HTTPWireError) {
                    guard case .request(let request)? = try decoder.next() else {
                        Issue.record("no request")
                        continue
                    }
                    #expect(isAccepted)
                    #expect(String(buffer: request.body) == body)
                } catch {
                    #expect(!isAccepted)
                    #expect(error.status == 413)
                }
            }
        }
    }
}
