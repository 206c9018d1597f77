import ApusHTTP
import NIOCore
import Testing

@Suite("WebSocketFrameEncoder")
struct WebSocketFrameEncoderTests {
    private func written(_ body: (inout ByteBuffer) -> Void) -> [UInt8] {
        var buffer = ByteBuffer()
        body(&buffer)
        return Array(buffer.readableBytesView)
    }

    @Test("Data frames have the shortest form of their length and no mask")
    func data() {
        for (length, header) in [
            (0, [0]), (1, [1]), (125, [125]), (126, [126, 0, 126]), (65_535, [126, 255, 255]),
            (65_536, [127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] as [(Int, [UInt8])] {
            let payload = [UInt8](repeating: 0x61, count: length)
            let buffer = ByteBuffer(bytes: payload)
            #expect(written { WebSocketFrameEncoder.writeText(buffer, into: &$0) } == [0x81] + header + payload)
            #expect(
                written { WebSocketFrameEncoder.writeText(String(buffer: buffer), into: &$0) } == [0x81] + header
                    + payload)
            #expect(written { WebSocketFrameEncoder.writeBinary(buffer, into: &$0) } == [0x82] + header + payload)
        }
        #expect(written { WebSocketFrameEncoder.writeText("é", into: &$0) } == [0x81, 2, 0xC3, 0xA9])
    }

    @Test("Control frames have at most 125 bytes")
    func control() {
        #expect(written { WebSocketFrameEncoder.writePing(into: &$0) } == [0x89, 0])
        #expect(written { WebSocketFrameEncoder.writePing(ByteBuffer(bytes: [7]), into: &$0) } == [0x89, 1, 7])
        #expect(written { WebSocketFrameEncoder.writePong(ByteBuffer(bytes: [7, 8]), into: &$0) } == [0x8A, 2, 7, 8])
        let long = ByteBuffer(repeating: 1, count: 130)
        #expect(
            written { WebSocketFrameEncoder.writePong(long, into: &$0) } == [0x8A, 125]
                + [UInt8](repeating: 1, count: 125))
    }

    @Test("A close gives code and reason, cut to whole characters")
    func close() {
        #expect(written { WebSocketFrameEncoder.writeClose(code: nil, into: &$0) } == [0x88, 0])
        #expect(written { WebSocketFrameEncoder.writeClose(code: 1001, into: &$0) } == [0x88, 2, 0x03, 0xE9])
        #expect(
            written { WebSocketFrameEncoder.writeClose(code: 1000, reason: "é", into: &$0) } == [
                0x88, 4, 3, 0xE8, 0xC3, 0xA9,
            ])
        let fits = String(repeating: "x", count: 123)
        #expect(written { WebSocketFrameEncoder.writeClose(code: 1000, reason: fits, into: &$0) }.count == 127)
        for (character, kept) in [("x", 123), ("é", 122), ("漢", 123), ("😀", 120), ("e\u{301}", 123), ("👨‍👩‍👧", 108)] {
            let reason = String(repeating: character, count: 130)
            let bytes = written { WebSocketFrameEncoder.writeClose(code: 1000, reason: reason, into: &$0) }
            #expect(bytes[1] == UInt8(2 + kept), "\(character)")
            #expect(bytes[4...].elementsEqual(reason.utf8.prefix(kept)), "\(character)")
        }
    }
}
