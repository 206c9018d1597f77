import ApusCore
import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What may come from one address: so many connections, and so many registrations in a minute.
final class AddressLimits: Sendable {
    private struct Registrations {
        var bucket: TokenBucket
        var lastUsed: NIODeadline
    }

    private struct State {
        var connections: [String: Int] = [:]
        var registrations: [String: Registrations] = [:]
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

    /// An IPv6 customer has a network of 64 bits, and so all the addresses in it.
    private static func network(_ address: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
        return Hex.encode(bytes.prefix(8))
    }

    func mayRegister(from address: String?, at now: NIODeadline) -> Bool {
        guard let address = address.map(Self.network) else { return true }
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
