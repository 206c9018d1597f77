import Synchronization

/// Stanzas on their way from any thread to a connection's event loop. Bounded: what does not fit is refused.
final class StreamOutbox: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [XMLElement] = []
    }

    enum Admission {
        case refused
        /// Somebody is on the way to fetch it.
        case taken
        /// It is the first, so somebody has to be sent to fetch it.
        case takenAsFirst
    }

    private static let most = 1024

    private let state = Mutex(State())

    var isOpen: Bool { state.withLock { $0.isOpen } }

    /// While it is closed everything is refused.
    func setOpen(_ isOpen: Bool) {
        state.withLock { $0.isOpen = isOpen }
    }

    func put(_ stanza: XMLElement) -> Admission {
        state.withLock { state in
            guard state.isOpen, state.waiting.count < Self.most else { return .refused }
            state.waiting.append(stanza)
            return state.waiting.count == 1 ? .takenAsFirst : .taken
        }
    }

    func takeAll() -> [XMLElement] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }
}
