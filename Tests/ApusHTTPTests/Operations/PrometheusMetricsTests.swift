import CoreMetrics
import Foundation
import Testing

@testable import ApusHTTP

@Suite("Metrics")
struct PrometheusMetricsTests {
    @Test("are shown as Prometheus reads them")
    func text() {
        let metrics = PrometheusMetrics()
        Counter(label: "b_total", dimensions: [("k", "v")], factory: metrics).increment(by: 2)
        Counter(label: "b_total", dimensions: [("k", "v")], factory: metrics).increment()
        Counter(label: "b_total", dimensions: [("k", "a \"b\" \\ \n")], factory: metrics).increment()
        metrics.addGauge("c") { 4 }
        metrics.addGauge("d", [("kind", "x")]) { 1 }
        metrics.addGauge("e_total", kind: .counter) { 2 }
        #expect(
            metrics.text == """
                # TYPE b_total counter
                b_total{k="a \\"b\\" \\\\ \\n"} 1
                b_total{k="v"} 3
                # TYPE c gauge
                c 4.0
                # TYPE d gauge
                d{kind="x"} 1.0
                # TYPE e_total counter
                e_total 2.0

                """)
    }

    @Test("a timer counts how many durations lie within each bound")
    func histogram() {
        let metrics = PrometheusMetrics()
        let timer = Timer(label: "a_seconds", dimensions: [("k", "v")], factory: metrics)
        for nanoseconds in [0, 100_000, 100_001, 1_500_000_000, 3_600_000_000_000] as [Int64] {
            timer.recordNanoseconds(nanoseconds)
        }
        let lines = metrics.text.split(separator: "\n").map(String.init)
        #expect(lines.first == "# TYPE a_seconds histogram")
        let buckets = lines.filter { $0.contains("_bucket") }
        #expect(buckets.count == 19)
        #expect(buckets[0] == #"a_seconds_bucket{k="v",le="0.0001"} 2"#)
        #expect(buckets[1] == #"a_seconds_bucket{k="v",le="0.00025"} 3"#)
        #expect(buckets.contains(#"a_seconds_bucket{k="v",le="1.0"} 3"#))
        #expect(buckets.contains(#"a_seconds_bucket{k="v",le="2.5"} 4"#))
        #expect(buckets.last == #"a_seconds_bucket{k="v",le="+Inf"} 5"#)
        #expect(lines.suffix(2) == [#"a_seconds_sum{k="v"} 3601.500200001"#, #"a_seconds_count{k="v"} 5"#])
    }

    @Test("devices that confirm after years, or a clock that jumps by as many, do no harm")
    func hugeDurations() {
        let metrics = PrometheusMetrics()
        let timer = Timer(label: "a_seconds", factory: metrics)
        for _ in 0..<3 { timer.recordNanoseconds(.max) }
        timer.recordNanoseconds(-1)
        let lines = metrics.text.split(separator: "\n").map(String.init)
        #expect(lines.contains(#"a_seconds_bucket{le="600.0"} 1"#))
        #expect(lines.last == "a_seconds_count 4")
    }

    @Test("nothing that many threads record at once is lost")
    func threads() {
        let histogram = Histogram()
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for _ in 0..<10_000 { histogram.recordNanoseconds(Int64(thread) * 1_000_000) }
        }
        #expect(histogram.value.cumulative.last == 80_000)
        #expect(abs(histogram.value.sum - 280) < 0.001)
    }
}
