import ApusHTTP
import NIOCore
import Testing

@Suite("Requests that are refused")
struct HTTPRefusalTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n"
    private static let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    private static func header(_ line: String) -> String { get + line + "\r\n\r\n" }

    private static let cases: [(String, Int, String)] =
        ["5", "0"].map { (header("Content-Length: \($0)\r\nTransfer-Encoding: chunked"), 400, "ambiguous_length") }
        + [(header("Transfer-Encoding: chunked\r\nContent-Length: 5"), 400, "ambiguous_length")]
        + [
            "+5", "-5", "5,5", "5, 5", "5 5", "", "0x5", "5.0", "5;", "a", "٥", "9223372036854775808",
            "18446744073709551617", "99999999999999999999999999", "5\r\nContent-Length: 5", "5\r\nContent-Length: 6",
        ].map { (header("Content-Length: \($0)"), 400, "bad_content_length") }
        + [
            "gzip", "identity", "gzip, chunked", "chunked, chunked", "xchunked", "chunked;q=1", "",
            "chunked\r\nTransfer-Encoding: chunked",
        ]
        .map { (header("Transfer-Encoding: \($0)"), 501, "unsupported_transfer_encoding") }
        + [
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "bad_transfer_encoding"),
            (header("Transfer-Encoding : chunked"), 400, "bad_header_name"),
            (header("Transfer-Encoding\t: chunked"), 400, "bad_header_name"),
            (header(": x"), 400, "bad_header_name"), (header("NoColon"), 400, "bad_header_name"),
            (header("A B: x"), 400, "bad_header_name"), (header("A(: x"), 400, "bad_header_name"),
            (header("É: x"), 400, "bad_header_name"), (header("A\0: x"), 400, "bad_header_name"),
            (header("A: x\r\n folded"), 400, "folded_header"), (header("A: x\r\n\tfolded"), 400, "folded_header"),
            ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "folded_header"),
            (header("A: x\0y"), 400, "bad_header_value"), (header("A: x\u{7F}"), 400, "bad_header_value"),
            (header("A: x\u{1}"), 400, "bad_header_value"), (header("A: x\ry"), 400, "bad_line_end"),
            (header("A: x\r\ry"), 400, "bad_line_end"), (get + "\ra: b\r\n\r\n", 400, "bad_line_end"),
            (get + "A: x\n\r\n", 400, "bad_line_end"), (get + "A: x\n\n", 400, "bad_line_end"),
            (get + "\n", 400, "bad_line_end"), ("GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "bad_line_end"),
            ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_line_end"),
            ("GET / HTTP/1.1\r\n\r\n", 400, "bad_host"), (header("Host: a"), 400, "bad_host"),
            (header("host: b"), 400, "bad_host"), ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_host"),
        ]
        + [
            "", "GET", "GET ", "GET /", "GET / ", " GET / HTTP/1.1", "GET  / HTTP/1.1", "GET /  HTTP/1.1",
            "GET / HTTP/1.1 ",
            "GET / x HTTP/1.1", "GET\t/ HTTP/1.1", "G@T / HTTP/1.1", "GET /\0 HTTP/1.1", "GET /é HTTP/1.1",
            "GET / HTTP/1",
            "GET / HTTP/11", "GET / HTTP/1.10", "GET / http/1.1", "GET / XTTP/1.1", "GET / HTTP/1,1", "GET / HTTP/a.1",
            "GET / HTTP/1.1\0", "GET / HTTP/1.1\rX", "GET /\r HTTP/1.1", "/ HTTP/1.1", "GET\0 / HTTP/1.1",
        ].filter { !$0.isEmpty }.map { ($0 + "\r\nHost: a\r\n\r\n", 400, "bad_request_line") }
        + ["*", "a", "a/b", "h:80", "http:/a", "http://", "http:///a", "ftp://a/b", "/a#b", "?"]
        .map { ("GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target") }
        + [("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target")]
        + ["0.9", "1.2", "2.0", "3.0"].map { ("GET / HTTP/\($0)\r\nHost: a\r\n\r\n", 505, "unsupported_version") }
        + [("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "unsupported_version")]
        + [
            "\r\n", "x\r\n", "-1\r\n", "+1\r\na", " 1\r\na", "0x1\r\na", "1 \r\na", "1\t\r\na", "1 x\r\na", "g\r\n",
            "1\na",
            "1\r\nab\r\n", "1\r\na\n0\r\n\r\n", "1\r\na0\r\n", "1;a\0\r\na", "1;\ra\r\na", "8000000000000000\r\n",
            "10000000000000000\r\n", "ffffffffffffffffff\r\n", "1;" + String(repeating: "x", count: 255) + "\r\na",
            String(repeating: "0", count: 300), "0\r\n\n", "0\r\nA: b\n\r\n",
        ].map { (chunked + $0, 400, "bad_chunk") }
        + [
            (chunked + "3e9\r\n", 413, "body_too_large"), (chunked + "7fffffffffffffff\r\n", 413, "body_too_large"),
            (chunked + "1\r\na\r\n7fffffffffffffff\r\n", 413, "body_too_large"),
            (chunked + "0\r\nA b\r\n\r\n", 400, "bad_header_name"),
            (chunked + "0\r\n A: b\r\n\r\n", 400, "folded_header"),
            (chunked + "0\r\nA: b\0\r\n\r\n", 400, "bad_header_value"),
            (chunked + "0\r\nA: b\rc\r\n\r\n", 400, "bad_line_end"),
            (chunked + "0\r\n\ra\r\n\r\n", 400, "bad_header_name"),
            (chunked + "0\r\nA: " + String(repeating: "x", count: 5000), 431, "trailers_too_large"),
            (chunked + "0\r\n" + String(repeating: "A: b\r\n", count: 700), 431, "trailers_too_large"),
            (header("Content-Length: 1001"), 413, "body_too_large"),
            (header("Content-Length: 9223372036854775807"), 413, "body_too_large"),
        ]

    @Test("Each with its status and code, however the input is cut, and nothing follows")
    func refusals() {
        #expect(Self.cases.count > 100)
        for (text, status, code) in Self.cases {
            let outcome = HTTPOutcome.decoding([Array(text.utf8), Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)])
            #expect(outcome.error?.status == status, "\(text.debugDescription)")
            #expect(outcome.error?.code == code, "\(text.debugDescription)")
            #expect(outcome.requests.isEmpty && !outcome.isIdle, "\(text.debugDescription)")
            #expect(HTTPOutcome.decoding(crumbs(Array(text.utf8))) == outcome, "\(text.debugDescription)")
        }
    }

    @Test("The head may have 16 KB, 100 headers and a target of 8 KB, and no more")
    func sizes() {
        func head(_ size: Int) -> String {
            Self.get + "A: " + String(repeating: "x", count: size - Self.get.utf8.count - 7) + "\r\n\r\n"
        }
        #expect(head(16_384).utf8.count == 16_384)
        #expect(HTTPOutcome.decoding(head(16_384)).requests.count == 1)
        #expect(HTTPOutcome.decoding(head(16_385)).error?.code == "head_too_large")
        #expect(HTTPOutcome.decoding([Array(head(20_000).utf8.prefix(16_383))]).error == nil)
        #expect(HTTPOutcome.decoding([Array(head(20_000).utf8.prefix(16_384))]).error?.status == 431)

        func headers(_ count: Int) -> String { Self.get + String(repeating: "A: b\r\n", count: count - 1) + "\r\n" }
        #expect(HTTPOutcome.decoding(headers(100)).requests.count == 1)
        #expect(HTTPOutcome.decoding(headers(101)).error?.code == "too_many_headers")

        func target(_ length: Int) -> String {
            "GET /" + String(repeating: "x", count: length - 1) + " HTTP/1.1\r\nHost: a\r\n\r\n"
        }
        #expect(HTTPOutcome.decoding(target(8192)).requests.count == 1)
        #expect(HTTPOutcome.decoding(target(8193)).error?.status == 414)
        #expect(HTTPOutcome.decoding(target(50_000)).error?.status == 414)
        for text in [target(8193), target(17_000), head(16_384), head(17_000)] {
            #expect(HTTPOutcome.decoding(crumbs(Array(text.utf8))) == HTTPOutcome.decoding(text))
        }
    }

    @Test("Trailers may have 4 KB")
    func trailers() {
        let line = "A: " + String(repeating: "x", count: 4096 - 5) + "\r\n"
        #expect(HTTPOutcome.decoding(Self.chunked + "0\r\n" + line + "\r\n").requests.count == 1)
        #expect(HTTPOutcome.decoding(Self.chunked + "0\r\nA:\r\n" + line + "\r\n").error?.status == 431)
    }

    @Test("An error has a sentence to show")
    func sentences() {
        for (text, _, _) in Self.cases {
            let message = HTTPOutcome.decoding(text).error?.message ?? ""
            #expect(message.hasSuffix("."), "\(text.debugDescription)")
        }
    }
}
