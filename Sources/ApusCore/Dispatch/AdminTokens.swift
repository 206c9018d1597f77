import Synchronization

/// The tokens that let their bearer administer this server, known by their hashes only.
package final class AdminTokens: Sendable {
    private let hashes: Mutex<Set<SecretHash>>

    package init(_ hashes: some Sequence<SecretHash>) {
        self.hashes = Mutex(Set(hashes))
    }

    package func contains(_ token: String) -> Bool {
        let hash = SecretHash(of: token)
        return hashes.withLock { $0.contains(hash) }
    }
}
