import NIOCore

/// What a batch has for one event loop: all of it goes there in one hop.
package struct ShardOutbox: Sendable {
    package struct Answer: Sendable {
        let operation: AcceptOperation
        let result: Result<Acceptance, ApusError>
    }

    package struct HandOver: Sendable {
        /// Index into `messages`.
        let message: Int
        let handle: SessionHandle
    }

    var answers: [Answer] = []
    var messages: [Message] = []
    /// Those of one message stand together, messages in the order of their ids.
    var handOvers: [HandOver] = []
    var wakes: [SessionHandle] = []
    var pending: [PendingAnswer] = []
    /// When the batch was on disk.
    var committed = NIODeadline.distantPast

    package init(pending: [PendingAnswer] = []) {
        self.pending = pending
    }

    var isEmpty: Bool { answers.isEmpty && handOvers.isEmpty && wakes.isEmpty && pending.isEmpty }

    package mutating func handOver(_ message: Message, to handle: SessionHandle) {
        if messages.last !== message { messages.append(message) }
        handOvers.append(HandOver(message: messages.count - 1, handle: handle))
    }
}
