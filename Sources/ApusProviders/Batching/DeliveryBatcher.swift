import ApusCore
import NIOCore

/// Makes batches of deliveries as they come: a state machine without I/O.
///
/// A batch is open until it is full, another message comes for its platform and language, or it has waited for a while for more. It
/// goes on filling while nobody takes it.
struct DeliveryBatcher {
    /// How long a batch waits for more.
    static let linger = TimeAmount.milliseconds(20)

    /// Whose deliveries fill one batch after the other.
    private struct Group: Hashable {
        let platform: Platform
        let variant: String
    }

    private struct Open {
        var batch: VendorBatch
        let closesAt: NIODeadline
    }

    private let limit: Int
    private let capacity: Int
    private var open: [Group: Open] = [:]
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
        let group = Group(platform: pending.delivery.platform, variant: pending.delivery.message.variant)
        if isAlone || limit == 1 {
            closed.append(VendorBatch(pending))
            return true
        }
        if let batch = open[group]?.batch, !batch.belongsTo(pending.delivery) { close(group) }
        if open[group] == nil {
            open[group] = Open(batch: VendorBatch(pending), closesAt: now + Self.linger)
        } else {
            open[group]?.batch.append(pending)
        }
        if open[group]?.batch.count == limit { close(group) }
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

    private mutating func close(_ group: Group) {
        if let closing = open.removeValue(forKey: group) { closed.append(closing.batch) }
    }
}
