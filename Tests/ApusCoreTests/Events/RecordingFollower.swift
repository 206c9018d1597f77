import ApusCore
import NIOCore
import Synchronization

/// Asks for events when it is told to, and keeps what it is given.
final class RecordingFollower: EventFollower {
    let eventLoop: any EventLoop
    private let hub: EventHub
    private let state = Mutex(State())

    private struct State {
        var batches: [EventBatch] = []
        var after: EventID?
        var hasLeft = false
    }

    init(_ hub: EventHub, on eventLoop: any EventLoop, after: EventID? = nil) {
        self.hub = hub
        self.eventLoop = eventLoop
        state.withLock { $0.after = after }
    }

    var batches: [EventBatch] { state.withLock { $0.batches } }
    var hasLeft: Bool { state.withLock { $0.hasLeft } }
    /// All events, in the order in which they came.
    var text: String { batches.map { String(buffer: $0.text) }.filter { !$0.isEmpty }.joined(separator: ",") }
    var count: Int { batches.reduce(0) { $0 + $1.count } }

    func ask(_ filter: EventFilter = EventFilter(), limit: Int = 1000, waits: Bool = true) {
        let after = state.withLock { $0.after }
        hub.ask(EventRequest(self, filter, form: .json, after: after, limit: limit, waits: waits))
    }

    func take(_ batch: EventBatch) {
        state.withLock { state in
            state.batches.append(batch)
            state.after = batch.last
        }
    }

    func leave() { state.withLock { $0.hasLeft = true } }
}
