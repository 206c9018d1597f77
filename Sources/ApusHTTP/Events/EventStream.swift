import ApusCore
import NIOCore
import Synchronization

/// One answer to `GET /v1/events`: server-sent events (HTML Living Standard §9.2), for as long as both sides like.
///
/// It asks for the next events only while its connection takes bytes, so that whoever does not read costs one batch of
/// memory and finds the rest in the journal.
// SAFETY: touched on its channel's event loop only, but for `isOver`.
final class EventStream: EventFollower, @unchecked Sendable {
    let eventLoop: any EventLoop
    private let channel: any Channel
    private let isChunked: Bool
    private let hub: EventHub
    private let query: EventQuery
    private let isTrusted: @Sendable () -> Bool
    private let ended: () -> Void
    private let isOver = Atomic(false)
    private let began = NIODeadline.now()
    private var after: EventID?
    /// The position that the client was told last.
    private var told: EventID?
    private var isHeld = false

    /// - Parameters:
    ///   - isTrusted: whether the client still may listen, asked before anything is written.
    ///   - ended: called once, when nothing more is written.
    init(
        _ query: EventQuery, from hub: EventHub, to channel: any Channel, isChunked: Bool,
        isTrusted: @escaping @Sendable () -> Bool, ended: @escaping () -> Void
    ) {
        eventLoop = channel.eventLoop
        self.channel = channel
        self.isChunked = isChunked
        self.hub = hub
        self.query = query
        self.isTrusted = isTrusted
        self.ended = ended
        after = query.after
    }

    var hasLeft: Bool { isOver.load(ordering: .relaxed) }

    /// - Parameter head: the head of the response.
    func begin(_ head: ByteBuffer) {
        channel.write(head, promise: nil)
        write(ByteBuffer(string: "retry: 3000\n"))
        channel.flush()
        // Whoever begins now learns at once where that is, to go on from there.
        if after == nil { ask(waits: false) } else { proceed() }
    }

    func take(_ batch: EventBatch) {
        guard !hasLeft else { return }
        guard isTrusted() else { return end() }
        after = batch.last
        var notice = ByteBuffer()
        if let gap = batch.gap { writeEvent("gap", id: gap.to, into: &notice) { gap.write(to: &$0) } }
        if batch.count > 0 {
            told = batch.last
        } else if told != batch.last {
            told = batch.last
            writeEvent("position", id: batch.last, into: &notice) { $0.member("id", string: batch.last.description) }
        } else if query.follows {
            // Says that the connection lives, to the client and to proxies.
            notice.writeStaticString(":\n")
        }
        if notice.readableBytes > 0 { write(notice) }
        if batch.count > 0 { write(batch.text) }
        channel.flush()
        let isDone = !query.follows && batch.isEmpty
        if isDone || NIODeadline.now() - began > Self.longest { end() } else { proceed() }
    }

    /// A client comes back after that, and proves again that it may listen.
    private static let longest = TimeAmount.hours(1)

    func becameWritable() {
        guard isHeld else { return }
        isHeld = false
        proceed()
    }

    /// The server stops: the client goes on elsewhere, or later.
    func stop() {
        // Who takes no bytes would take none of the end either.
        if !channel.isWritable { channel.close(promise: nil) }
        end()
    }

    /// Nothing more is written. May be called again.
    func end() {
        guard !isOver.exchange(true, ordering: .relaxed) else { return }
        ended()
    }

    private func proceed() {
        if channel.isWritable { ask(waits: query.follows) } else { isHeld = true }
    }

    private func ask(waits: Bool) {
        hub.ask(EventRequest(self, query.filter, form: .serverSent, after: after, waits: waits))
    }

    private func writeEvent(
        _ name: StaticString, id: EventID, into text: inout ByteBuffer, _ data: (inout JSONObjectWriter) -> Void
    ) {
        text.writeStaticString("event: ")
        text.writeStaticString(name)
        text.writeStaticString("\nid: ")
        text.writeDecimal(id.rawValue)
        text.writeStaticString("\ndata: ")
        text.writeJSONObject(data)
        text.writeStaticString("\n\n")
    }

    private func write(_ text: ByteBuffer) {
        guard isChunked else { return channel.write(text, promise: nil) }
        var size = ByteBuffer()
        HTTPResponseEncoder.writeChunkSize(text.readableBytes, into: &size)
        channel.write(size, promise: nil)
        channel.write(text, promise: nil)
        channel.write(Self.endOfChunk, promise: nil)
    }

    private static let endOfChunk = ByteBuffer(string: "\r\n")
}
