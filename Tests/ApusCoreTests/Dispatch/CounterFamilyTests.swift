import ApusCore
import CoreMetrics
import Synchronization
import Testing

@Suite("Counters by label")
struct CounterFamilyTests {
    /// Remembers what was counted under which labels.
    private final class Registry: MetricsFactory {
        let counts = Mutex<[String: Int64]>([:])

        final class Handler: CounterHandler {
            let name: String
            let registry: Registry

            init(_ name: String, _ registry: Registry) {
                (self.name, self.registry) = (name, registry)
            }

            func increment(by amount: Int64) { registry.counts.withLock { $0[name, default: 0] += amount } }
            func reset() {}
        }

        func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
            Handler(dimensions.map { "\($0)=\($1)" }.joined(separator: ","), self)
        }

        func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
            NOOPMetricsHandler.instance
        }

        func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
            NOOPMetricsHandler.instance
        }
        func destroyCounter(_ handler: any CounterHandler) {}
        func destroyRecorder(_ handler: any RecorderHandler) {}
        func destroyTimer(_ handler: any TimerHandler) {}
    }

    @Test("values are counted apart, and when there are too many, together")
    func bounded() {
        let registry = Registry()
        let family = CounterFamily(label: "x", dimensions: ["route", "reason"], factory: registry)
        family.increment("apns", "a")
        family.increment(by: 2, "apns", "a")
        for number in 0..<1000 { family.increment("fcm", "\(number)") }
        let counts = registry.counts.withLock { $0 }
        #expect(counts["route=apns,reason=a"] == 3)
        #expect(counts.count <= 201)
        #expect(counts["route=other,reason=other"] == 801)
        #expect(counts.values.reduce(0, +) == 1003)
    }
}
