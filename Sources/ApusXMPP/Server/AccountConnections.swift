import Synchronization

/// Which accounts are connected to this node: one connection each.
final class AccountConnections: Sendable {
    private final class Stripe: Sendable {
        let connections = Mutex<[String: XMPPHandler]>([:])
    }

    private let stripes = (0..<16).map { _ in Stripe() }

    private func stripe(_ name: String) -> Stripe {
        stripes[Int(truncatingIfNeeded: name.hashValue) & 15]
    }

    subscript(name: String) -> XMPPHandler? {
        stripe(name).connections.withLock { $0[name] }
    }

    /// Makes `connection` the account's.
    /// - Returns: the one it takes the place of.
    func claim(_ name: String, _ connection: XMPPHandler) -> XMPPHandler? {
        stripe(name).connections.withLock { $0.updateValue(connection, forKey: name) }
    }

    /// Removes the account's connection, unless a newer one took its place.
    func release(_ name: String, _ connection: XMPPHandler) {
        stripe(name).connections.withLock { connections in
            if connections[name] === connection { connections[name] = nil }
        }
    }

    var count: Int { stripes.reduce(0) { $0 + $1.connections.withLock { $0.count } } }
}
