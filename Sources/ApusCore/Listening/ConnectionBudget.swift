import Synchronization

/// What a connection is.
package enum ConnectionKind: String, CaseIterable, Sendable {
    case http
    case webSocket = "websocket"
    case xmpp
    case component = "xmpp_component"
}

/// How many connections the process may hold, over all its listeners: each takes a descriptor.
package final class ConnectionBudget: Sendable {
    private final class Count: Sendable {
        let open = Atomic<Int>(0)
    }

    private let most: Int
    private let counts = Dictionary(uniqueKeysWithValues: ConnectionKind.allCases.map { ($0, Count()) })

    package init(most: Int) {
        self.most = most
    }

    package var count: Int { counts.values.reduce(0) { $0 + $1.open.load(ordering: .relaxed) } }
    package var isSpent: Bool { count >= most }

    package func count(of kind: ConnectionKind) -> Int { counts[kind]?.open.load(ordering: .relaxed) ?? 0 }

    package func opened(_ kind: ConnectionKind) { counts[kind]?.open.add(1, ordering: .relaxed) }
    package func closed(_ kind: ConnectionKind) { counts[kind]?.open.subtract(1, ordering: .relaxed) }
}
