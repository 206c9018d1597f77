package import NIOCore

/// Deadlines of many sessions in one structure: adding one and taking the due ones cost the same however many there are.
///
/// An entry may come out early, when it lies beyond the wheel's horizon: whoever takes it checks and adds it again.
package struct TimingWheel<Entry> {
    private let tick: Int64
    private var buckets: [[Entry]]
    private var position: Int64

    package init(tick: TimeAmount, buckets count: Int, start: NIODeadline) {
        self.tick = tick.nanoseconds
        buckets = Array(repeating: [], count: count)
        position = Int64(start.uptimeNanoseconds) / tick.nanoseconds
    }

    package var count: Int { buckets.reduce(0) { $0 + $1.count } }

    package mutating func add(_ entry: Entry, at deadline: NIODeadline) {
        // Rounded up, so that an entry within the horizon never comes out before its deadline.
        let due = (Int64(deadline.uptimeNanoseconds) + tick - 1) / tick
        let latest = position + Int64(buckets.count) - 1
        buckets[Int(min(max(due, position + 1), latest) % Int64(buckets.count))].append(entry)
    }

    /// Takes the entries that are due at `now`.
    package mutating func advance(to now: NIODeadline) -> [Entry] {
        var due: [Entry] = []
        let target = Int64(now.uptimeNanoseconds) / tick
        // After a long pause every bucket is due, once.
        let steps = min(max(target - position, 0), Int64(buckets.count))
        position = max(target - steps, position)
        for _ in 0..<steps {
            position += 1
            let bucket = Int(position % Int64(buckets.count))
            if !buckets[bucket].isEmpty {
                due.append(contentsOf: buckets[bucket])
                buckets[bucket].removeAll(keepingCapacity: false)
            }
        }
        return due
    }
}
