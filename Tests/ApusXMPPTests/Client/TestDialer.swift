import NIOCore
import NIOEmbedded

@testable import ApusXMPP

/// Connections on an event loop whose time a test moves. The test is the server.
// SAFETY: touched by its test only, which runs the event loop too.
final class TestDialer: StreamDialing, @unchecked Sendable {
    struct Failure: Error {}

    let eventLoop = EmbeddedEventLoop()
    private(set) var dialed: [StreamEndpoint] = []
    private var channels: [EmbeddedChannel] = []
    private(set) var events: [XMPPClientEvent] = []
    /// Whether nobody listens.
    var fails = false
    /// Attempts that have not come to anything yet; nil to connect at once.
    var pending: [EventLoopPromise<any Channel>]?

    func connect(to endpoint: StreamEndpoint) -> EventLoopFuture<any Channel> {
        dialed.append(endpoint)
        if pending != nil {
            let promise = eventLoop.makePromise(of: (any Channel).self)
            pending?.append(promise)
            return promise.futureResult
        }
        return fails ? eventLoop.makeFailedFuture(Failure()) : eventLoop.makeSucceededFuture(makeChannel())
    }

    func makeChannel() -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: nil, loop: eventLoop)
        channel.connect(to: try! SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        channels.append(channel)
        return channel
    }

    /// The latest connection.
    var channel: EmbeddedChannel { channels[channels.count - 1] }

    func note(_ event: XMPPClientEvent) { events.append(event) }

    func takeEvents() -> [XMPPClientEvent] {
        defer { events = [] }
        return events
    }

    // MARK: The server

    func says(_ text: String) throws {
        try channel.writeInbound(ByteBuffer(string: text))
        eventLoop.run()
    }

    func hears() throws -> String {
        var text = ""
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
        return text
    }

    func cuts() {
        channel.close(promise: nil)
        eventLoop.run()
    }
}
