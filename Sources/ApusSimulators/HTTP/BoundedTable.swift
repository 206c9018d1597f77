import NIOCore

/// Values by key, of which only the last are kept.
struct BoundedTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let limit: Int
    private var values: [Key: Value] = [:]
    private var order = CircularBuffer<Key>()

    /// - Parameter limit: how many are kept, at least 1.
    init(limit: Int) {
        self.limit = limit
    }

    /// Setting a key anew does not make it younger. Values cannot be removed.
    subscript(key: Key) -> Value? {
        get { values[key] }
        set {
            guard let newValue else { return }
            if values.updateValue(newValue, forKey: key) != nil { return }
            order.append(key)
            if order.count > limit { values[order.removeFirst()] = nil }
        }
    }
}
