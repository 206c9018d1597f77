import ApusCore
import NIOCore

/// The latest messages that a client was sent, until it says that they were displayed.
struct RecentMessages: Sendable {
    /// Older ones are forgotten.
    private static let most = 64

    private var messages = CircularBuffer<MessageID>(initialCapacity: 0)

    mutating func append(_ message: MessageID) {
        if messages.count == Self.most { messages.removeFirst() }
        messages.append(message)
    }

    /// - Returns: the message and those before it; the message itself in any case.
    mutating func take(upTo message: MessageID) -> [MessageID] {
        guard let index = messages.firstIndex(of: message) else { return [message] }
        let taken = Array(messages[...index])
        messages.removeFirst(taken.count)
        if messages.isEmpty { messages = CircularBuffer(initialCapacity: 0) }  // an idle session holds no buffer
        return taken
    }
}
