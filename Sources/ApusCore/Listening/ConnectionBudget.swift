import Synchronization

/// How many connections the process may hold, over all its listeners: each takes a descriptor.
package final class ConnectionBudget: Sendable {
    private let most: Int
    private let open = Atomic<Int>(0)

    package init(most: Int) {
        self.most = most
    }

    package var count: Int { open.load(ordering: .relaxed) }
    package var isSpent: Bool { count >= most }

    package func opened() { open.add(1, ordering: .relaxed) }
    package func closed() { open.subtract(1, ordering: .relaxed) }
}
