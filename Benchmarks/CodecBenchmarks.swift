import ApusCore
import ApusHTTP
import NIOCore

enum CodecBenchmarks {
    private static let count = 20_000

    static func run() throws {
        let json =
            #"{"appId":"0123456789abcdef0123456789abcdef","appKey":"fedcba9876543210fedcba9876543210","#
            + #""platform":"ALL","audienceType":"ALIAS","audiences":["d000001"],"alert":"bench","needConfirm":true,"#
            + #""duration":3600,"extra":"\#(String(repeating: "x", count: 300))"}"#
        let body = ByteBuffer(string: json)
        let request = ByteBuffer(
            string: "POST /msgpush/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(json.utf8.count)\r\n\r\n\(json)")

        measure("HTTP request decoded", count: count) {
            for _ in 0..<count {
                var decoder = HTTPRequestDecoder { _ in 65_536 }
                var bytes = request
                decoder.append(&bytes)
                use(try? decoder.next())
            }
        }
        try measure("JSON send body scanned", count: count) {
            for _ in 0..<count {
                try JSONScanner.withObject(in: body) { scanner in
                    while let key = try scanner.nextKey() {
                        if key == "extra" { use(try scanner.rawValue()) } else { try scanner.skipValue() }
                    }
                }
            }
        }
        measure("WebSocket receipt decoded", count: count) {
            let frame = maskedText("CFM:7412345678901234567")
            for _ in 0..<count {
                var decoder = WebSocketFrameDecoder()
                var bytes = frame
                decoder.append(&bytes)
                use(try? decoder.next())
            }
        }
    }

    private static func maskedText(_ text: String) -> ByteBuffer {
        let mask: [UInt8] = [1, 2, 3, 4]
        var frame = ByteBuffer(bytes: [0x81, 0x80 | UInt8(text.utf8.count)] + mask)
        frame.writeBytes(text.utf8.enumerated().map { $1 ^ mask[$0 % 4] })
        return frame
    }
}
