import ApusCore
import NIOCore

/// Makes batches of deliveries as they come: a state machine without I/O.
///
/// A batch is open until it is full, another message comes for its platform, or it has waited for a while for more. It
/// goes on filling while nobody takes it.
struct DeliveryBatcher {
    /// How long a batch waits for more.
    static let linger = TimeAmount.milliseconds(20)

    private struct Open {
        var batch: VendorBatch
        let closesAt: NIODeadline
    }

    private let limit: Int
    private let capacity: Int
    private var open: [Platform: Open] = [:]
    private var closed: CircularBuffer<VendorBatch> = []
    /// Deliveries in open and closed batches.
    private(set) var count = 0

    /// - Parameters:
    ///   - limit: deliveries in a batch.
    ///   - capacity: deliveries that it holds, before it takes no more.
    init(limit: Int, capacity: Int) {
        self.limit = limit
        self.capacity = max(limit, capacity)
    }

    /// - Parameter isAlone: whether it is not to be with others.
    /// - Returns: whether it was taken.
    mutating func add(_ pending: BatchedDelivery, isAlone: Bool = false, at now: NIODeadline) -> Bool {
        guard count < capacity else { return false }
        count += 1
        let platform = pending.delivery.platform
        if isAlone || limit == 1 {
            closed.append(VendorBatch(pending))
            return true
        }
        if let batch = open[platform]?.batch, !batch.belongsTo(pending.delivery) { close(platform) }
        if open[platform] == nil {
            open[platform] = Open(batch: VendorBatch(pending), closesAt: now + Self.linger)
        } else {
            open[platform]?.batch.append(pending)
        }
        if open[platform]?.batch.count == limit { close(platform) }
        return true
    }

    /// Puts batches at the front that were taken out before.
    mutating func putBack(_ batches: [VendorBatch]) {
        for batch in batches.reversed() { closed.prepend(batch) }
        count += batches.reduce(0) { $0 + $1.count }
    }

    /// Takes the batch out that is to be sent next; nil if there is none yet.
    mutating func next(at now: NIODeadline) -> VendorBatch? {
        if closed.isEmpty {
            guard let oldest = open.min(by: { $0.value.closesAt < $1.value.closesAt }), oldest.value.closesAt <= now
            else { return nil }
            close(oldest.key)
        }
        let batch = closed.removeFirst()
        count -= batch.count
        return batch
    }

    /// When there is a batch to be sent; nil if nothing waits.
    var nextDue: NIODeadline? {
        closed.isEmpty ? open.values.map(\.closesAt).min() : .uptimeNanoseconds(0)
    }

    /// Takes everything out.
    mutating func removeAll() -> [VendorBatch] {
        defer {
            open = [:]
            closed = []
            count = 0
        }
        return closed + open.values.map(\.batch)
    }

    private mutating func close(_ platform: Platform) {
        if let closing = open.removeValue(forKey: platform) { closed.append(closing.batch) }
    }
}
