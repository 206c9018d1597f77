import NIOCore

/// One event of a stream of server-sent events (HTML Living Standard §9.2).
public struct ServerSentEvent: Sendable, Equatable {
    /// `message` if it has no other name.
    public let name: String
    /// The id of the last event that had one.
    public let id: String
    public let data: String

    /// - Throws: `UnexpectedAnswerError` if the data is something else.
    public func decoded<Answer: Decodable>(as type: Answer.Type = Answer.self) throws -> Answer {
        try APIAnswer(text: data).decoded(as: type)
    }
}

/// Takes a stream of server-sent events apart, wherever the network cut it.
struct ServerSentEventDecoder {
    /// Bytes of a line that are kept; who sends longer ones speaks something else.
    private static let longestLine = 1 << 20

    private var line: [UInt8] = []
    private var endedWithReturn = false
    private var name = ""
    private var id = ""
    private var data: [String] = []

    /// - Returns: the events that end in these bytes.
    /// - Throws: `UnexpectedAnswerError` if a line has no end.
    mutating func decode(_ bytes: ByteBuffer) throws -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes.readableBytesView {
            let isSecondHalf = endedWithReturn && byte == UInt8(ascii: "\n")
            endedWithReturn = byte == UInt8(ascii: "\r")
            if isSecondHalf { continue }
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                if let event = takeLine() { events.append(event) }
            } else {
                line.append(byte)
                guard line.count <= Self.longestLine else { throw UnexpectedAnswerError(text: "a line without an end") }
            }
        }
        return events
    }

    private mutating func takeLine() -> ServerSentEvent? {
        let text = String(decoding: line, as: UTF8.self)
        line.removeAll(keepingCapacity: true)
        guard !text.isEmpty else {
            defer { (name, data) = ("", []) }
            guard !data.isEmpty else { return nil }
            return ServerSentEvent(
                name: name.isEmpty ? "message" : name, id: id, data: data.joined(separator: "\n"))
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count == 2 ? parts[1] : ""
        if value.hasPrefix(" ") { value = value.dropFirst() }
        switch parts[0] {
        case "event": name = String(value)
        case "data": data.append(String(value))
        case "id": id = String(value)
        default: break
        }
        return nil
    }
}
