package import CoreMetrics
import Synchronization

/// Keeps what the house counts and shows it in Prometheus's text format.
///
/// Counters are integers, recorders and timers are a sum and a count. Times are in seconds.
package final class PrometheusMetrics: MetricsFactory {
    private struct Series: Hashable {
        let name: String
        let labels: String
    }

    private struct Registry {
        var counters: [Series: Count] = [:]
        var summaries: [Series: Summary] = [:]
        var gauges: [(name: String, read: @Sendable () -> Double)] = []
    }

    private let registry = Mutex(Registry())

    package init() {}

    /// A value that is read when it is asked for.
    package func addGauge(_ name: String, read: @escaping @Sendable () -> Double) {
        registry.withLock { $0.gauges.append((name, read)) }
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        registry.withLock { registry in
            let series = Self.series(label, dimensions)
            if let known = registry.counters[series] { return known }
            let count = Count()
            registry.counters[series] = count
            return count
        }
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        summary(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        summary(label, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func summary(_ label: String, _ dimensions: [(String, String)]) -> Summary {
        registry.withLock { registry in
            let series = Self.series(label, dimensions)
            if let known = registry.summaries[series] { return known }
            let summary = Summary()
            registry.summaries[series] = summary
            return summary
        }
    }

    private static func series(_ name: String, _ dimensions: [(String, String)]) -> Series {
        let labels = dimensions.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
        return Series(name: name, labels: labels.isEmpty ? "" : "{\(labels)}")
    }

    /// The metrics as `GET /metrics` shows them, sorted by name.
    package var text: String {
        let (counters, summaries, gauges) = registry.withLock { ($0.counters, $0.summaries, $0.gauges) }
        var families: [String: (type: String, lines: [String])] = [:]
        for (series, count) in counters {
            families[series.name, default: ("counter", [])].lines.append(
                "\(series.name)\(series.labels) \(count.value)")
        }
        for (series, summary) in summaries {
            let (sum, count) = summary.value
            families[series.name, default: ("summary", [])].lines += [
                "\(series.name)_sum\(series.labels) \(sum)", "\(series.name)_count\(series.labels) \(count)",
            ]
        }
        for (name, read) in gauges { families[name] = ("gauge", ["\(name) \(read())"]) }
        return families.sorted { $0.key < $1.key }.map { name, family in
            (["# TYPE \(name) \(family.type)"] + family.lines.sorted()).joined(separator: "\n") + "\n"
        }.joined()
    }
}

/// A number that only grows.
private final class Count: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) { count.add(amount, ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }
}

/// A sum and how many values are in it.
private final class Summary: RecorderHandler, TimerHandler {
    private let state = Mutex((sum: 0.0, count: 0))

    var value: (sum: Double, count: Int) { state.withLock { $0 } }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        state.withLock { state in
            state.sum += value
            state.count += 1
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
