import ApusCore
import ApusTestKit
import Dispatch
import Synchronization
import Testing

@Suite("A batch queue")
struct BatchQueueTests {
    /// A consumer that waits for a sign before it takes each batch.
    private final class Consumer: Sendable {
        let batches = Mutex<[[Int]]>([])
        let gate = DispatchSemaphore(value: 0)

        func queue(largestBatch: Int = 1000, patience: DispatchTimeInterval = .seconds(3600)) -> BatchQueue<Int> {
            BatchQueue(label: "test", largestBatch: largestBatch, patience: patience) { batch in
                self.gate.wait()
                self.batches.withLock { $0.append(batch) }
            }
        }
    }

    @Test("hands over as one batch what came while the last one was processed")
    func groups() {
        let consumer = Consumer()
        let queue = consumer.queue()
        queue.enqueue(0)
        while queue.count > 0 {}
        for number in 1...100 { queue.enqueue(number) }
        for _ in 0..<2 { consumer.gate.signal() }
        queue.drain()
        #expect(consumer.batches.withLock { $0 } == [[0], Array(1...100)])
    }

    @Test("lets what nobody waits for ride with what somebody waits for, in the order they came")
    func lazy() {
        let consumer = Consumer()
        let queue = consumer.queue()
        queue.enqueueLazily(contentsOf: [1, 2])
        #expect(queue.count == 2)
        queue.enqueue(3)
        consumer.gate.signal()
        queue.drain()
        #expect(consumer.batches.withLock { $0 } == [[1, 2, 3]])
    }

    @Test("processes what nobody waits for after a moment, when there is enough of it, and when it is drained")
    func due() {
        let soon = Consumer()
        let patient = soon.queue(patience: .milliseconds(1))
        soon.gate.signal()
        patient.enqueueLazily(contentsOf: [1])
        while soon.batches.withLock({ $0.isEmpty }) {}

        let full = Consumer()
        let queue = full.queue(largestBatch: 8)
        for _ in 0..<3 { full.gate.signal() }
        queue.enqueueLazily(contentsOf: [1])
        queue.enqueueLazily(contentsOf: [2])
        while full.batches.withLock({ $0 != [[1, 2]] }) {}
        queue.enqueueLazily(contentsOf: [3])
        queue.drain()
        #expect(full.batches.withLock { $0 } == [[1, 2], [3]])
    }

    @Test("tells how long the oldest element has waited, also when it is being processed")
    func longestWait() async throws {
        let consumer = Consumer()
        let queue = consumer.queue()
        #expect(queue.longestWait == .zero)
        queue.enqueue(0)
        while queue.count > 0 {}
        queue.enqueue(1)
        try await eventually { queue.longestWait > .milliseconds(20) }
        consumer.gate.signal()
        consumer.gate.signal()
        queue.drain()
        #expect(queue.longestWait == .zero)
    }

    @Test("splits what is more than a batch may hold")
    func split() {
        let consumer = Consumer()
        let queue = consumer.queue(largestBatch: 2)
        for _ in 0..<3 { consumer.gate.signal() }
        queue.enqueue(contentsOf: [1, 2, 3, 4, 5])
        queue.drain()
        #expect(consumer.batches.withLock { $0 } == [[1, 2], [3, 4], [5]])
    }
}
