import ApusCore
import NIOCore
import Synchronization

/// What a simulated vendor did: how often, and the last requests that it accepted in full.
package final class VendorJournal: Sendable {
    package struct Counts: Sendable, Equatable {
        package var requests = 0
        /// Requests to send something that were accepted, and the tokens, numbers or addresses in them.
        package var accepted = 0
        package var targets = 0
        /// By the vendor's code.
        package var refused: [String: Int] = [:]
        /// Requests that met a fault, or were answered with a status that was demanded.
        package var faults = 0

        func write(into buffer: inout ByteBuffer) {
            buffer.writeJSONObject { object in
                object.member("requests", int: Int64(requests))
                object.member("accepted", int: Int64(accepted))
                object.member("targets", int: Int64(targets))
                object.member("refused", raw: refusedJSON)
                object.member("faults", int: Int64(faults))
            }
        }

        private var refusedJSON: String {
            let members = refused.sorted { $0.key < $1.key }.map {
                JSONValue.Member(name: $0.key, value: .number("\($0.value)"))
            }
            return JSONValue.object(members).compactText
        }
    }

    /// How many bytes of bodies are kept at the most.
    private static let byteLimit = 64 * 1024 * 1024

    private struct State {
        var counts = Counts()
        var last = CircularBuffer<VendorAccepted>()
        var bytes = 0
    }

    private let remembered: Int
    private let state = Mutex(State())

    /// - Parameter remembered: how many requests are kept in full.
    init(remembered: Int) {
        self.remembered = remembered
    }

    package var counts: Counts { state.withLock { $0.counts } }

    /// The last requests that were accepted, oldest first.
    package var accepted: [VendorAccepted] { state.withLock { Array($0.last) } }

    /// Forgets everything.
    package func clear() {
        state.withLock { $0 = State() }
    }

    func count(_ change: (inout Counts) -> Void) {
        state.withLock { change(&$0.counts) }
    }

    func accept(_ accepted: VendorAccepted) {
        state.withLock { state in
            state.counts.accepted += 1
            state.counts.targets += accepted.targets.count
            guard remembered > 0 else { return }
            state.bytes += accepted.body.utf8.count
            state.last.append(accepted)
            while state.last.count > remembered || state.bytes > Self.byteLimit {
                state.bytes -= state.last.removeFirst().body.utf8.count
            }
        }
    }
}
