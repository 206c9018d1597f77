import ApusHTTP
import NIOCore
import Testing

@Suite("WebSocketFrameDecoder")
struct WebSocketFrameDecoderTests {
    private static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 * 7 % 128) } }
    private static func buffer(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    @Test("Unmasks the example of RFC 6455, section 5.7")
    func example() {
        let bytes: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(
            WebSocketOutcome.decoding([bytes]) == WebSocketOutcome(events: [.text(Self.buffer("Hello"))], isIdle: true))
    }

    @Test("Unmasks payloads of every length, in each form of length")
    func lengths() {
        for length in Array(0...40) + [124, 125, 126, 127, 1000, 65_535, 65_536] {
            let payload = Self.pattern(length)
            let outcome = WebSocketOutcome.decoding([frame(2, payload, mask: [1, 2, 3, 200])])
            #expect(outcome == WebSocketOutcome(events: [.binary(ByteBuffer(bytes: payload))], isIdle: true))
        }
    }

    @Test("Any cut of the input gives the same events")
    func cuts() {
        let session =
            frame(1, Array("CFM:7412345678901234567".utf8)) + frame(9, [])
            + frame(1, Array("héllo ".utf8.prefix(2)), final: false)
            + frame(9, [1, 2]) + frame(0, [0xA9], final: false) + frame(10, [3]) + frame(0, Array("llo".utf8))
            + frame(2, Self.pattern(130)) + frame(0x2, [], final: false) + frame(0, []) + frame(1, [])
            + frame(8, [0x03, 0xE8] + Array("bye é".utf8))
        let whole = WebSocketOutcome.decoding([session])
        #expect(
            whole.events == [
                .text(Self.buffer("CFM:7412345678901234567")), .ping(ByteBuffer()), .ping(ByteBuffer(bytes: [1, 2])),
                .pong(ByteBuffer(bytes: [3])), .text(Self.buffer("héllo")),
                .binary(ByteBuffer(bytes: Self.pattern(130))),
                .binary(ByteBuffer()), .text(ByteBuffer()), .close(code: 1000, reason: "bye é"),
            ])
        #expect(whole.error == nil && whole.isIdle)
        for pieces in splits(session) where WebSocketOutcome.decoding(pieces) != whole {
            Issue.record("\(pieces.map(\.count)): \(WebSocketOutcome.decoding(pieces))")
        }
    }

    @Test("Holds something only while a frame or message is unfinished")
    func idle() throws {
        var decoder = WebSocketFrameDecoder()
        #expect(decoder.isIdle)
        for (bytes, isIdle) in [
            ([0x81] as [UInt8], false), (Array(frame(1, [0x61]).dropFirst()), true),
            (frame(1, [0x61], final: false), false),
            (frame(9, []), false), (frame(0, []), true),
        ] {
            var buffer = ByteBuffer(bytes: bytes)
            decoder.append(&buffer)
            #expect(buffer.readableBytes == 0)
            while try decoder.next() != nil {}
            #expect(decoder.isIdle == isIdle)
        }
    }

    @Test("Payloads that are kept stay as they were, and do not change what comes")
    func keptPayloads() throws {
        let count = 500
        var input = ByteBuffer()
        for number in 0..<count { input.writeBytes(frame(1, Array("message \(number)".utf8))) }
        let copy = input
        var decoder = WebSocketFrameDecoder()
        decoder.append(&input)
        var kept: [ByteBuffer] = []
        while case .text(let text)? = try decoder.next() { kept.append(text) }
        #expect(kept.map { String(buffer: $0) } == (0..<count).map { "message \($0)" })
        // Whoever else had the input still has it masked.
        #expect(Array(copy.readableBytesView.prefix(15)) == Array(frame(1, Array("message 0".utf8)).prefix(15)))
    }

    private static let refusals: [(String, [UInt8], UInt16)] = [
        ("unmasked", frame(1, [0x61], mask: nil), 1002), ("unmasked ping", frame(9, [], mask: nil), 1002),
        ("reserved 1", frame(1, [0x61], reserved: 0x40), 1002), ("reserved 2", frame(1, [0x61], reserved: 0x20), 1002),
        ("reserved 3", frame(9, [], reserved: 0x10), 1002), ("opcode 3", frame(3, []), 1002),
        ("opcode 7", frame(7, []), 1002),
        ("opcode 11", frame(11, []), 1002), ("opcode 15", frame(15, []), 1002),
        ("fragmented ping", frame(9, [], final: false), 1002), ("fragmented close", frame(8, [], final: false), 1002),
        ("long ping", frame(9, pattern(126)), 1002), ("long pong", frame(10, pattern(126)), 1002),
        ("long close", frame(8, [0x03, 0xE8] + pattern(124)), 1002),
        ("very long ping", frame(9, pattern(65_536)), 1002),
        ("stray continuation", frame(0, [0x61]), 1002), ("stray first", frame(0, [0x61], final: false), 1002),
        ("continuation after the end", frame(1, [], final: false) + frame(0, []) + frame(0, []), 1002),
        ("text within text", frame(1, [0x61], final: false) + frame(1, [0x61]), 1002),
        ("binary within text", frame(1, [0x61], final: false) + frame(2, [0x61], final: false), 1002),
        ("5 in 16 bits", frame(1, pattern(5), length: 126), 1002),
        ("125 in 16 bits", frame(1, pattern(125), length: 126), 1002),
        ("5 in 64 bits", frame(1, pattern(5), length: 127), 1002),
        ("65535 in 64 bits", frame(1, pattern(65_535), length: 127), 1002),
        ("negative length", [0x82, 0xFF] + [UInt8](repeating: 0xFF, count: 8), 1002),
        ("65537 bytes", frame(2, pattern(65_537)), 1009),
        ("a huge frame announced", [0x82, 0xFF, 0x7F] + pattern(7), 1009),
        ("65537 bytes in two", frame(2, pattern(65_536), final: false) + frame(0, [0]), 1009),
        ("not UTF-8", frame(1, [0x61, 0xFF]), 1007), ("half a character", frame(1, [0xC3]), 1007),
        ("a surrogate", frame(1, [0xED, 0xA0, 0x80]), 1007), ("overlong", frame(1, [0xC0, 0x80]), 1007),
        ("not UTF-8 in two", frame(1, [0xC3], final: false) + frame(0, [0x28]), 1007),
        ("close with one byte", frame(8, [0x03]), 1002), ("close with bad reason", frame(8, [0x03, 0xE8, 0xFF]), 1007),
    ]

    @Test("Refuses what breaks the protocol, however it is cut, and nothing follows")
    func refuses() {
        for (name, bytes, code) in Self.refusals {
            let rest = frame(1, [0x61])
            let outcome = WebSocketOutcome.decoding([bytes + rest, rest])
            #expect(outcome.error?.closeCode == code, "\(name)")
            #expect(outcome.events.allSatisfy { $0 == .text(ByteBuffer()) || $0 == .binary(ByteBuffer()) }, "\(name)")
            #expect(outcome.isIdle, "\(name)")
            #expect((1...123).contains(outcome.error?.reason.utf8.count ?? 0), "\(name)")
            #expect(WebSocketOutcome.decoding(crumbs(bytes) + [rest]) == outcome, "\(name)")
        }
    }

    @Test("The limit holds for frames and for messages")
    func limits() {
        #expect(WebSocketOutcome.decoding([frame(1, Self.pattern(10))], limit: 10).error == nil)
        #expect(WebSocketOutcome.decoding([frame(1, Self.pattern(11))], limit: 10).error?.closeCode == 1009)
        let parts = frame(1, Self.pattern(5), final: false) + frame(0, Self.pattern(5), final: false)
        #expect(WebSocketOutcome.decoding([parts + frame(0, [])], limit: 10).events.count == 1)
        #expect(WebSocketOutcome.decoding([parts + frame(0, [0])], limit: 10).error?.closeCode == 1009)
        // Refused by its header alone.
        #expect(
            WebSocketOutcome.decoding([Array(frame(1, Self.pattern(11)).prefix(2))], limit: 10).error?.closeCode == 1009
        )
    }

    @Test("Accepts the close codes that may be sent, and no others")
    func closeCodes() {
        #expect(WebSocketOutcome.decoding([frame(8, [])]).events == [.close(code: nil, reason: "")])
        for code in 0...5100 {
            let isLegal = [1000...1003, 1007...1014, 3000...4999].contains { $0.contains(code) }
            let outcome = WebSocketOutcome.decoding([frame(8, [UInt8(code >> 8), UInt8(code & 0xFF)])])
            let expected =
                isLegal ? WebSocketOutcome(events: [.close(code: UInt16(code), reason: "")], isIdle: true) : nil
            if let expected { #expect(outcome == expected) } else { #expect(outcome.error?.closeCode == 1002) }
        }
    }

    @Test("Nothing comes after a close")
    func afterClose() {
        let outcome = WebSocketOutcome.decoding([frame(8, []) + frame(1, [0x61]), frame(1, [0x61]), [0xFF, 0xFF]])
        #expect(outcome == WebSocketOutcome(events: [.close(code: nil, reason: "")], isIdle: true))
    }
}
