import ApusHTTP
import ApusTestKit
import NIOCore
import Testing

@Suite("Wire protocols from random bytes")
struct WireFuzzTests {
    private static let requests = [
        "POST /msgpush/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: a/b\r\nContent-Length: 9\r\n\r\n"
            + "{\"a\":\"b\"}GET http://h/a?b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;a=b\r\nhello\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n\r\n",
    ].map { Array($0.utf8) }

    private static let frames =
        frame(1, Array("CFM:7412345678901234567".utf8)) + frame(1, [0xC3], final: false) + frame(9, [1])
        + frame(0, [0xA9])
        + frame(2, [UInt8](repeating: 5, count: 130)) + frame(8, [0x03, 0xE8, 0x61])

    private func inHalves(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [[UInt8]] {
        let cut = Int.random(in: 0...bytes.count, using: &random)
        return [Array(bytes[..<cut]), Array(bytes[cut...])]
    }

    @Test("Changed requests come out the same however they are cut")
    func requests() {
        var random = SeededGenerator(seed: 3)
        var refused = 0
        for round in 0..<10_000 {
            let bytes = random.mutated(Self.requests[round % 2])
            let whole = HTTPOutcome.decoding([bytes], limit: 100)
            if whole.error != nil { refused += 1 }
            var halves = HTTPOutcome.decoding(inHalves(bytes, &random), limit: 100)
            halves.continues = whole.continues
            if halves != whole { Issue.record("\(String(decoding: bytes, as: UTF8.self)): \(whole), \(halves)") }
        }
        #expect((1000..<9000).contains(refused))
    }

    @Test("Changed frames come out the same however they are cut")
    func frames() {
        var random = SeededGenerator(seed: 4)
        var refused = 0
        for _ in 0..<10_000 {
            let bytes = random.mutated(Self.frames)
            let whole = WebSocketOutcome.decoding([bytes], limit: 200)
            if whole.error != nil { refused += 1 }
            let halves = WebSocketOutcome.decoding(inHalves(bytes, &random), limit: 200)
            if halves != whole { Issue.record("\(bytes): \(whole), \(halves)") }
        }
        #expect((1000..<9900).contains(refused))
    }

    @Test("Random bytes are no requests, and frames only by chance")
    func noise() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let outcome = HTTPOutcome.decoding([bytes])
            if !outcome.requests.isEmpty { Issue.record("\(bytes)") }
            let events = WebSocketOutcome.decoding(inHalves(bytes, &random))
            if events != WebSocketOutcome.decoding([bytes]) { Issue.record("\(bytes)") }
        }
    }
}
