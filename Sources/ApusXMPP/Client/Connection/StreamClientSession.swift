import NIOCore

/// Our side of a stream that we open, as client or as component: a state machine without I/O. What it is told of goes
/// in, what is to be done comes out of `takeActions()`.
protocol StreamClientSession: Sendable {
    /// The connection is there.
    /// - Parameter isLoopback: whether the server is on this machine.
    mutating func start(isLoopback: Bool)
    mutating func receive(_ event: StreamEvent)
    /// Sends a stanza, if the stream is ready.
    mutating func send(_ stanza: XMLElement)
    /// Asks the server for a sign of life.
    mutating func ping()
    /// Ends the stream because of the server.
    mutating func fail(_ error: StreamError)
    /// Ends the stream because nobody needs it any more.
    mutating func close()
    /// The connection is gone.
    /// - Returns: what the next one can go on with.
    mutating func disconnected() -> ResumableStream?
    mutating func takeActions() -> [StreamClientAction]
}

/// What a session of ours wants done.
enum StreamClientAction: Equatable {
    case write(ByteBuffer)
    /// Encrypt what follows. The server opens a new stream in it.
    case startTLS
    /// The server opens a new stream.
    case restartStream
    /// Stanzas can be sent from now on.
    case becomeReady(JID, resumed: Bool)
    case deliver(XMLElement)
    /// Close the connection, once what was written is on its way. Without an ending it is as we wanted it.
    case end(StreamEnding?)
}

/// A stream of ours whose connection is gone and that the server may still know (XEP-0198 §5).
struct ResumableStream: Sendable {
    let address: JID
    var management: StreamManagement
}
