import NIOCore
import Testing

@testable import ApusClient

@Suite("A stream of server-sent events")
struct ServerSentEventTests {
    private static let stream = """
        retry: 3000
        event: position
        id: 7
        data: {"id":"7"}

        :
        id: 8
        data: {"a":1}

        data: two
        data:  lines
        unknown: member

        : a comment

        id: 9

        event: none

        data

        """

    private static let events = [
        ServerSentEvent(name: "position", id: "7", data: #"{"id":"7"}"#),
        ServerSentEvent(name: "message", id: "8", data: #"{"a":1}"#),
        ServerSentEvent(name: "message", id: "8", data: "two\n lines"),
        ServerSentEvent(name: "message", id: "9", data: ""),
    ]

    @Test("is taken apart wherever it was cut, with every kind of line end", arguments: ["\n", "\r\n", "\r"])
    func pieces(_ lineEnd: String) throws {
        let bytes = Array((Self.stream + "\n").replacing("\n", with: lineEnd).utf8)
        for length in [1, 2, 3, 7, bytes.count] {
            var decoder = ServerSentEventDecoder()
            var events: [ServerSentEvent] = []
            for start in stride(from: 0, to: bytes.count, by: length) {
                let piece = bytes[start..<min(start + length, bytes.count)]
                events += try decoder.decode(ByteBuffer(bytes: piece))
            }
            #expect(events == Self.events)
        }
    }

    @Test("ends when a line has no end")
    func endless() {
        var decoder = ServerSentEventDecoder()
        #expect(throws: UnexpectedAnswerError.self) {
            for _ in 0..<3 { _ = try decoder.decode(ByteBuffer(repeating: UInt8(ascii: "x"), count: 1 << 19)) }
        }
    }
}
