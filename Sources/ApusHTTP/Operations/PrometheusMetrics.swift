package import CoreMetrics
import Synchronization

/// Keeps what the house counts and shows it in Prometheus's text format.
///
/// Counters are integers, timers are histograms in seconds. Other values are read when somebody looks.
package final class PrometheusMetrics: MetricsFactory {
    /// What a value that is read means.
    package enum Kind: String, Sendable {
        case gauge
        case counter
    }

    private struct Series: Hashable {
        let name: String
        let labels: String
    }

    private struct Registry {
        var counters: [Series: Count] = [:]
        var histograms: [Series: Histogram] = [:]
        var values: [(series: Series, kind: Kind, read: @Sendable () -> Double)] = []
    }

    private let registry = Mutex(Registry())

    package init() {}

    /// A value that is read when it is asked for.
    package func addGauge(
        _ name: String, _ dimensions: [(String, String)] = [], kind: Kind = .gauge,
        read: @escaping @Sendable () -> Double
    ) {
        registry.withLock { $0.values.append((Self.series(name, dimensions), kind, read)) }
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

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        registry.withLock { registry in
            let series = Self.series(label, dimensions)
            if let known = registry.histograms[series] { return known }
            let histogram = Histogram()
            registry.histograms[series] = histogram
            return histogram
        }
    }

    /// Nothing here records values that are no durations.
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private static func series(_ name: String, _ dimensions: [(String, String)]) -> Series {
        Series(name: name, labels: dimensions.map { "\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: ","))
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    /// The metrics as `GET /metrics` shows them, sorted by name.
    package var text: String {
        let (counters, histograms, values) = registry.withLock { ($0.counters, $0.histograms, $0.values) }
        var families: [String: (type: String, groups: [String])] = [:]
        for (series, count) in counters {
            families[series.name, default: ("counter", [])].groups.append(Self.line(series, value: "\(count.value)"))
        }
        for (series, histogram) in histograms {
            families[series.name, default: ("histogram", [])].groups.append(Self.lines(series, histogram))
        }
        for (series, kind, read) in values {
            families[series.name, default: (kind.rawValue, [])].groups.append(Self.line(series, value: "\(read())"))
        }
        return families.sorted { $0.key < $1.key }.map { name, family in
            "# TYPE \(name) \(family.type)\n" + family.groups.sorted().joined()
        }.joined()
    }

    private static func line(_ series: Series, suffix: String = "", more: String = "", value: String) -> String {
        let labels = [series.labels, more].filter { !$0.isEmpty }.joined(separator: ",")
        return "\(series.name)\(suffix)\(labels.isEmpty ? "" : "{\(labels)}") \(value)\n"
    }

    private static func lines(_ series: Series, _ histogram: Histogram) -> String {
        let (cumulative, sum) = histogram.value
        let bounds = Histogram.bounds.map { "\($0)" } + ["+Inf"]
        var text = ""
        for (bound, count) in zip(bounds, cumulative) {
            text += line(series, suffix: "_bucket", more: "le=\"\(bound)\"", value: "\(count)")
        }
        return text + line(series, suffix: "_sum", value: "\(sum)")
            + line(series, suffix: "_count", value: "\(cumulative.last ?? 0)")
    }
}

/// A number that only grows.
private final class Count: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) { count.add(amount, ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }
}
