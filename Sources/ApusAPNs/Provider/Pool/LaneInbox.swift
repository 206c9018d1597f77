import Synchronization

/// What was submitted to a lane and has not come to its event loop yet. It refuses what is beyond the lane's limit.
final class LaneInbox: Sendable {
    enum Admission {
        case refused
        /// The loop knows that there is something.
        case taken
        case mustWakeLoop
    }

    private struct State {
        var arrived: [PendingRequest] = []
        /// How many wait on the loop.
        var held = 0
        var isOpen = true
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    func add(_ request: PendingRequest) -> Admission {
        state.withLock { state in
            guard state.isOpen, state.held + state.arrived.count < limit else { return .refused }
            state.arrived.append(request)
            return state.arrived.count == 1 ? .mustWakeLoop : .taken
        }
    }

    func takeAll() -> [PendingRequest] {
        state.withLock { state in
            state.held += state.arrived.count
            defer { state.arrived = [] }
            return state.arrived
        }
    }

    /// Tells how many wait on the loop, and whether it takes more.
    func update(held: Int, isOpen: Bool) {
        state.withLock { state in
            state.held = held
            state.isOpen = isOpen
        }
    }

    var waiting: Int { state.withLock { $0.held + $0.arrived.count } }
}
