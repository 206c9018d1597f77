import NIOCore

@testable import ApusXMPP

/// A reader that `#expect` can look at, which it cannot at what is not copyable.
final class TestConnection {
    private var reader: StreamReader

    init(pool: ParserPool = ParserPool(), limits: StreamLimits = .authenticated) {
        reader = StreamReader(pool: pool, limits: limits)
    }

    var holdsParser: Bool { reader.holdsParser }
    var limits: StreamLimits {
        get { reader.limits }
        set { reader.limits = newValue }
    }

    func receive(_ bytes: some Sequence<UInt8>) { reader.receive(ByteBuffer(bytes: bytes)) }
    func next() throws(StreamError) -> StreamEvent? { try reader.next() }
    func restart(discardsInput: Bool) { reader.restart(discardsInput: discardsInput) }
    func close() { reader.close() }

    /// All events of these bytes.
    func events(_ text: String) throws(StreamError) -> [StreamEvent] {
        receive(text.utf8)
        var events: [StreamEvent] = []
        while let event = try next() { events.append(event) }
        return events
    }
}

/// Reads a whole stream in pieces. Keep-alives are left out, as they depend on where the pieces end.
func read(_ pieces: [[UInt8]], limits: StreamLimits = .authenticated) throws(StreamError) -> [StreamEvent] {
    let reader = TestConnection(limits: limits)
    var events: [StreamEvent] = []
    for piece in pieces {
        reader.receive(piece)
        while let event = try reader.next() {
            if event != .whitespace { events.append(event) }
        }
    }
    return events
}

func read(_ stream: String, limits: StreamLimits = .authenticated) throws(StreamError) -> [StreamEvent] {
    try read([Array(stream.utf8)], limits: limits)
}
