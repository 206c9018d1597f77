import Synchronization

/// A value that an operator may change while the server runs. Whoever uses it asks for it each time.
package final class Reloadable<Value: Sendable>: Sendable {
    private let current: Mutex<Value>

    package init(_ value: Value) {
        current = Mutex(value)
    }

    package var value: Value { current.withLock { $0 } }

    package func replace(with value: Value) {
        current.withLock { $0 = value }
    }
}
