import Synchronization

/// A value that an operator may change while the server runs. Whoever uses it asks for it each time.
@dynamicMemberLookup
package final class Reloadable<Value: Sendable>: Sendable {
    private let current: Mutex<Value>

    package init(_ value: Value) {
        current = Mutex(value)
    }

    package var value: Value { current.withLock { $0 } }

    package subscript<Member>(dynamicMember member: KeyPath<Value, Member>) -> Member { value[keyPath: member] }

    package func replace(with value: Value) {
        current.withLock { $0 = value }
    }
}
