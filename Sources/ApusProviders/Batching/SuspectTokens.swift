import Synchronization

/// Tokens of which some are dead and nobody says which. Beyond its capacity the ones that came last are left out.
final class SuspectTokens: Sendable {
    private let capacity: Int
    private let tokens = Mutex<Set<String>>([])

    init(capacity: Int) {
        self.capacity = capacity
    }

    func contains(_ token: String) -> Bool {
        tokens.withLock { !$0.isEmpty && $0.contains(token) }
    }

    func insert(_ suspects: [String]) {
        tokens.withLock { $0.formUnion(suspects.prefix(max(0, capacity - $0.count))) }
    }

    func remove(_ cleared: [String]) {
        tokens.withLock { if !$0.isEmpty { $0.subtract(cleared) } }
    }
}
