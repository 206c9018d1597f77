import ApusCore
import NIOCore
import Synchronization

/// Streams whose connections broke, the latest of each account, until they are resumed or their time is up (XEP-0198
/// §5). Their messages are in the store all the while.
final class SuspendedStreams: Sendable {
    private struct State {
        /// By the names of their accounts.
        var streams: [String: (stream: SuspendedStream, deadline: NIODeadline)] = [:]
        /// In the order in which they end. Those of streams that were taken stay until then.
        var deadlines = CircularBuffer<(account: String, deadline: NIODeadline)>()
    }

    private static let most = 100_000

    private let state = Mutex(State())
    private let time: TimeAmount

    init(time: TimeAmount) {
        self.time = time
    }

    func add(_ stream: SuspendedStream, at now: NIODeadline) {
        guard stream.management.id != nil else { return }
        state.withLock { state in
            Self.removeOld(&state, at: now)
            guard state.deadlines.count < Self.most else { return }
            state.streams[stream.account.name] = (stream, now + time)
            state.deadlines.append((stream.account.name, now + time))
        }
    }

    /// - Returns: the account's stream of that id, which is then no longer here.
    func take(_ id: String, of account: String, at now: NIODeadline) -> SuspendedStream? {
        state.withLock { state in
            Self.removeOld(&state, at: now)
            guard state.streams[account]?.stream.management.id == id else { return nil }
            return state.streams.removeValue(forKey: account)?.stream
        }
    }

    private static func removeOld(_ state: inout State, at now: NIODeadline) {
        while let first = state.deadlines.first, first.deadline <= now {
            state.deadlines.removeFirst()
            // It may have been resumed, and have broken again.
            if state.streams[first.account]?.deadline == first.deadline { state.streams[first.account] = nil }
        }
    }
}
