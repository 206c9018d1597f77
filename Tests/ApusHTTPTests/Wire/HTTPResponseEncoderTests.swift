import ApusHTTP
import NIOCore
import Testing

@Suite("HTTPResponseEncoder")
struct HTTPResponseEncoderTests {
    private func written(_ body: (inout ByteBuffer) -> Void) -> String {
        var buffer = ByteBuffer()
        body(&buffer)
        return String(buffer: buffer)
    }

    @Test("Writes head and body")
    func response() {
        let text = written {
            HTTPResponseEncoder.writeResponse(
                status: 200, contentType: "application/json", headers: [HTTPWireField("X-A", "b\tc é")],
                body: ByteBuffer(string: "{}"), into: &$0)
        }
        #expect(
            text == "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nX-A: b\tc é\r\n\r\n{}")
    }

    @Test("Mentions the connection when asked")
    func connection() {
        for (connection, line) in [
            (HTTPResponseConnection.close, "Connection: close\r\n"), (.keepAlive, "Connection: keep-alive\r\n"),
            (.unmentioned, ""),
        ] {
            let text = written {
                HTTPResponseEncoder.writeResponse(
                    status: 503, contentType: nil, connection: connection, body: ByteBuffer(), into: &$0)
            }
            #expect(text == "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\(line)\r\n")
        }
    }

    @Test("Leaves the body out for HEAD, and the length too where there is none")
    func bodyless() {
        let body = ByteBuffer(string: "abc")
        let head = written {
            HTTPResponseEncoder.writeResponse(status: 404, contentType: nil, body: body, omitsBody: true, into: &$0)
        }
        #expect(head == "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\n")
        for (status, reason) in [(204, "No Content"), (304, "Not Modified")] {
            let text = written {
                HTTPResponseEncoder.writeResponse(status: status, contentType: nil, body: body, into: &$0)
            }
            #expect(text == "HTTP/1.1 \(status) \(reason)\r\n\r\n")
        }
    }

    @Test("A status that nobody knows has no reason")
    func unknownStatus() {
        let text = written { HTTPResponseEncoder.writeHead(status: 299, contentType: nil, framing: .none, into: &$0) }
        #expect(text == "HTTP/1.1 299 \r\n\r\n")
    }

    @Test("Headers that would split the response or contradict its framing are left out")
    func injection() {
        let fields = [
            HTTPWireField("A", "b\r\nC: d"), HTTPWireField("A", "b\n"), HTTPWireField("A", "b\r"),
            HTTPWireField("A", "b\0"),
            HTTPWireField("A\r\nB", "c"), HTTPWireField("A:", "c"), HTTPWireField("", "c"), HTTPWireField("A B", "c"),
            HTTPWireField("CONTENT-length", "5"), HTTPWireField("Transfer-Encoding", "x"),
            HTTPWireField("connection", "x"),
            HTTPWireField("Good", ""),
        ]
        let text = written {
            HTTPResponseEncoder.writeHead(
                status: 200, contentType: "a\r\nb", headers: fields, framing: .length(1), into: &$0)
        }
        #expect(text == "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nGood: \r\n\r\n")
    }

    @Test("Streams chunks, or until the connection closes")
    func streams() {
        let text = written { buffer in
            HTTPResponseEncoder.writeHead(status: 200, contentType: "text/plain", framing: .chunked, into: &buffer)
            HTTPResponseEncoder.writeChunk(ByteBuffer(string: "hello, the world"), into: &buffer)
            HTTPResponseEncoder.writeChunk(ByteBuffer(), into: &buffer)
            HTTPResponseEncoder.writeChunk(ByteBuffer(string: "x"), into: &buffer)
            HTTPResponseEncoder.writeLastChunk(into: &buffer)
        }
        #expect(
            text == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "10\r\nhello, the world\r\n1\r\nx\r\n0\r\n\r\n")
        let closed = written {
            HTTPResponseEncoder.writeHead(status: 200, contentType: nil, framing: .untilClose, into: &$0)
        }
        #expect(closed == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    }

    @Test("Answers those who wait")
    func goOn() {
        #expect(String(buffer: HTTPResponseEncoder.continueResponse) == "HTTP/1.1 100 Continue\r\n\r\n")
    }
}
