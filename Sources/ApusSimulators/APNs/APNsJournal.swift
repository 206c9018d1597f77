import ApusCore
import NIOCore
import Synchronization

/// What the simulator did: how often, and the last notifications that it accepted in full.
package final class APNsJournal: Sendable {
    package struct Counts: Sendable, Equatable {
        /// Connections since the start, and those that are open now.
        package var connections = 0
        package var openConnections = 0
        package var accepted = 0
        package var rejected: [APNsRefusal: Int] = [:]
        /// Requests that ended with `REFUSED_STREAM`.
        package var refused = 0
        /// Requests that were neither accepted nor answered.
        package var dropped = 0
        /// Notifications that were accepted, but whose answer was held back.
        package var unanswered = 0
        /// Requests that came before GOAWAY was sent and are beyond its last stream.
        package var unprocessed = 0
        package var goAways = 0
        package var resets = 0
        /// Times that a client broke the rules of HTTP/2, such as the limit of streams.
        package var protocolErrors = 0
        /// Times that the file of accepted notifications could not be written.
        package var fileFailures = 0

        func write(into buffer: inout ByteBuffer) {
            buffer.writeJSONObject { object in
                object.member("connections", int: Int64(connections))
                object.member("openConnections", int: Int64(openConnections))
                object.member("accepted", int: Int64(accepted))
                object.member("rejected", raw: rejectedJSON)
                object.member("refused", int: Int64(refused))
                object.member("dropped", int: Int64(dropped))
                object.member("unanswered", int: Int64(unanswered))
                object.member("unprocessed", int: Int64(unprocessed))
                object.member("goAways", int: Int64(goAways))
                object.member("resets", int: Int64(resets))
                object.member("protocolErrors", int: Int64(protocolErrors))
                object.member("fileFailures", int: Int64(fileFailures))
            }
        }

        private var rejectedJSON: String {
            let members = rejected.sorted { $0.key.rawValue < $1.key.rawValue }
            return "{\(members.map { "\"\($0.key.rawValue)\":\($0.value)" }.joined(separator: ","))}"
        }
    }

    private struct State {
        var counts = Counts()
        var last = CircularBuffer<APNsAcceptedNotification>()
    }

    private let remembered: Int
    private let state = Mutex(State())

    /// - Parameter remembered: how many notifications are kept in full.
    init(remembered: Int) {
        self.remembered = remembered
    }

    package var counts: Counts { state.withLock { $0.counts } }

    /// The last notifications that were accepted, oldest first.
    package var accepted: [APNsAcceptedNotification] { state.withLock { Array($0.last) } }

    /// Forgets everything but the connections that are open.
    package func clear() {
        state.withLock { state in
            let open = state.counts.openConnections
            state = State()
            state.counts.openConnections = open
        }
    }

    func count(_ change: (inout Counts) -> Void) {
        state.withLock { change(&$0.counts) }
    }

    func accept(_ notification: APNsAcceptedNotification) {
        var notification = notification
        if remembered > 0 {
            // A slice would keep all that was read with it in memory.
            notification.payload = ByteBuffer(bytes: notification.payload.readableBytesView)
        }
        state.withLock { state in
            state.counts.accepted += 1
            guard remembered > 0 else { return }
            if state.last.count >= remembered { state.last.removeFirst() }
            state.last.append(notification)
        }
    }
}
