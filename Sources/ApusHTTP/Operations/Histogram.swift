import CoreMetrics
import Foundation
import Synchronization

/// How many durations lie within each bound. Recording takes no lock, and threads hardly touch each other's memory: each
/// adds to one of a few stripes, which are summed up when somebody looks.
// SAFETY: the cells are made in init and freed in deinit; in between they are touched by atomic operations only.
final class Histogram: TimerHandler, @unchecked Sendable {
    /// In seconds. What takes longer than the last counts as longer than all.
    static let bounds = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600,
    ]
    private static let nanoseconds = bounds.map { Int64($0 * 1e9) }
    private static let stripes = 8
    /// The counts, the one beyond all bounds, and the sum in nanoseconds; rounded up to lines of the cache.
    private static let width = (bounds.count + 2 + 7) / 8 * 8

    private let cells: UnsafeMutablePointer<Atomic<Int64>>

    init() {
        cells = .allocate(capacity: Self.stripes * Self.width)
        for index in 0..<(Self.stripes * Self.width) { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: Self.stripes * Self.width)
        cells.deallocate()
    }

    func recordNanoseconds(_ duration: Int64) {
        // A clock that is set back makes no time.
        let duration = max(duration, 0)
        var bucket = 0
        while bucket < Self.nanoseconds.count, duration > Self.nanoseconds[bucket] { bucket += 1 }
        let stripe = Self.stripe * Self.width
        cells[stripe + bucket].wrappingAdd(1, ordering: .relaxed)
        // Devices that confirm after days, and clocks that jump by years, bring it beyond 64 bits.
        cells[stripe + Self.bounds.count + 1].wrappingAdd(duration, ordering: .relaxed)
    }

    /// Threads have their descriptors in different pages.
    private static var stripe: Int { (Int(bitPattern: pthread_self()) >> 12) & (stripes - 1) }

    /// For each bound how many durations lie within it, then how many there are, and their sum in seconds, which begins
    /// anew after 584 years.
    var value: (cumulative: [Int64], sum: Double) {
        var cumulative: [Int64] = []
        var count: Int64 = 0
        for bucket in 0...Self.bounds.count {
            count += total(bucket)
            cumulative.append(count)
        }
        return (cumulative, Double(UInt64(bitPattern: total(Self.bounds.count + 1))) / 1e9)
    }

    private func total(_ index: Int) -> Int64 {
        (0..<Self.stripes).reduce(0) { $0 &+ cells[$1 * Self.width + index].load(ordering: .relaxed) }
    }
}
