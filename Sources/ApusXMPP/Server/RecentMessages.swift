import ApusCore
import NIOCore

/// The latest messages that a client was sent, until it says that they were displayed.
struct RecentMessages: Sendable {
    /// Older ones are forgotten.
    private static let most = 64

    /// `sender`: whose conversation it is in; empty for what programs send.
    private var messages = CircularBuffer<(id: MessageID, sender: String)>(initialCapacity: 0)

    mutating func append(_ message: MessageID, from sender: String = "") {
        if messages.count == Self.most { messages.removeFirst() }
        messages.append((message, sender))
    }

    /// - Returns: the message and those before it in the same conversation; the message itself in any case.
    mutating func take(upTo message: MessageID) -> [MessageID] {
        guard let index = messages.firstIndex(where: { $0.id == message }) else { return [message] }
        let sender = messages[index].sender
        let taken = messages[...index].filter { $0.sender == sender }.map(\.id)
        messages.removeAll { $0.sender == sender && $0.id <= message }
        if messages.isEmpty { messages = CircularBuffer(initialCapacity: 0) }  // an idle session holds no buffer
        return taken
    }
}
