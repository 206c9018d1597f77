import ApusCore
import NIOCore
import Synchronization

/// What may come from one address: so many connections, and so many registrations in a minute.
final class AddressLimits: Sendable {
    private struct Registrations {
        var bucket: TokenBucket
        var lastUsed: NIODeadline
    }

    private struct State {
        var connections: [String: Int] = [:]
        var registrations: [IPAddress: Registrations] = [:]
    }

    /// Addresses whose registrations are remembered.
    private static let mostAddresses = 10_000

    private let state = Mutex(State())
    private let mostConnections: Int
    private let registrationsPerMinute: Int

    /// - Parameter mostConnections: 0 for as many as there may be.
    init(mostConnections: Int, registrationsPerMinute: Int) {
        self.mostConnections = mostConnections
        self.registrationsPerMinute = registrationsPerMinute
    }

    var limitsConnections: Bool { mostConnections > 0 }

    /// - Returns: whether one more connection may be; `closed` is to be called for it then.
    func opened(from address: String) -> Bool {
        state.withLock { state in
            guard state.connections[address, default: 0] < mostConnections else { return false }
            state.connections[address, default: 0] += 1
            return true
        }
    }

    func closed(from address: String) {
        state.withLock { state in
            let left = state.connections[address, default: 1] - 1
            state.connections[address] = left > 0 ? left : nil
        }
    }

    func mayRegister(from address: String?, at now: NIODeadline) -> Bool {
        guard let address = address.flatMap({ IPAddress($0)?.network }) else { return true }
        return state.withLock { state in
            if state.registrations.count >= Self.mostAddresses {
                state.registrations = state.registrations.filter { $0.value.lastUsed + .minutes(1) > now }
            }
            guard state.registrations[address] != nil || state.registrations.count < Self.mostAddresses else {
                return false
            }
            var entry =
                state.registrations[address]
                ?? Registrations(
                    bucket: TokenBucket(
                        perSecond: Double(registrationsPerMinute) / 60, capacity: Double(registrationsPerMinute),
                        now: now),
                    lastUsed: now)
            entry.lastUsed = now
            let wait = entry.bucket.take(1, now: now)
            state.registrations[address] = entry
            return wait == nil
        }
    }
}
