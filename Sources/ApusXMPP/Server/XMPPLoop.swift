import ApusCore
import NIOCore

/// What the XMPP connections of one event loop share. One timer closes those that keep us waiting.
// SAFETY: touched on its event loop only.
final class XMPPLoop: @unchecked Sendable {
    let shard: SessionShard
    let parsers = ParserPool()
    private var writer = StanzaWriter()
    /// Connections that are not just idle with a session of the core, which watches those.
    private var watched: [ObjectIdentifier: any WatchedConnection] = [:]

    private static let tick = TimeAmount.seconds(1)

    init(shard: SessionShard) {
        self.shard = shard
        shard.eventLoop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { [weak self] task in
            if let self { self.sweep(at: .now()) } else { task.cancel() }
        }
    }

    func bytes(_ write: (inout StanzaWriter) -> Void) -> ByteBuffer {
        write(&writer)
        return writer.take()
    }

    func watch(_ connection: any WatchedConnection) {
        watched[ObjectIdentifier(connection)] = connection
    }

    func unwatch(_ connection: any WatchedConnection) {
        watched[ObjectIdentifier(connection)] = nil
    }

    private func sweep(at now: NIODeadline) {
        for connection in Array(watched.values) { connection.endIfOverdue(at: now) }
    }

    /// Closes what the core does not know of.
    func drain() {
        for connection in Array(watched.values) { connection.endForShutdown() }
    }
}

/// A connection that may take too long.
protocol WatchedConnection: AnyObject {
    func endIfOverdue(at now: NIODeadline)
    func endForShutdown()
}
