package import CoreMetrics
import Synchronization

/// Counters of one name that are told apart by labels, whose values are known only when something is counted.
///
/// So many are kept apart; what comes after counts as `other`. It takes a lock, so it is for what happens once a batch,
/// or seldom.
package final class CounterFamily: Sendable {
    private static let most = 200

    private let label: String
    private let dimensions: [String]
    private let factory: any MetricsFactory
    private let counters = Mutex<[[String]: Counter]>([:])

    package init(label: String, dimensions: [String], factory: any MetricsFactory) {
        self.label = label
        self.dimensions = dimensions
        self.factory = factory
    }

    /// - Parameter values: one for each dimension.
    package func increment(by count: Int = 1, _ values: String...) {
        counter(values).increment(by: count)
    }

    private func counter(_ values: [String]) -> Counter {
        counters.withLock { counters in
            let isKnown = counters[values] != nil || counters.count < Self.most
            let values = isKnown ? values : dimensions.map { _ in "other" }
            if let counter = counters[values] { return counter }
            let counter = Counter(label: label, dimensions: Array(zip(dimensions, values)), factory: factory)
            counters[values] = counter
            return counter
        }
    }
}
