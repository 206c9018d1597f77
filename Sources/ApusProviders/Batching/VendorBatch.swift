import ApusCore

/// A delivery with whoever waits for what becomes of it.
struct BatchedDelivery: Sendable {
    let delivery: VendorDelivery
    let completion: @Sendable (VendorOutcome) -> Void

    init(_ delivery: VendorDelivery, completion: @escaping @Sendable (VendorOutcome) -> Void) {
        self.delivery = delivery
        self.completion = completion
    }
}

/// Deliveries that go to a vendor in one request: of one variant of a message, to devices of one platform. There is at
/// least one.
struct VendorBatch: Sendable {
    let message: Message
    let platform: Platform
    private(set) var deliveries: [BatchedDelivery]

    init(_ first: BatchedDelivery) {
        message = first.delivery.message
        platform = first.delivery.platform
        deliveries = [first]
    }

    private init(_ whole: VendorBatch, _ part: ArraySlice<BatchedDelivery>) {
        message = whole.message
        platform = whole.platform
        deliveries = Array(part)
    }

    var count: Int { deliveries.count }
    var tokens: [String] { deliveries.map(\.delivery.token) }

    /// The most that any of them was tried before.
    var attempts: Int { deliveries.map(\.delivery.attempts).max() ?? 0 }

    func belongsTo(_ delivery: VendorDelivery) -> Bool {
        message.id == delivery.message.id && message.variant == delivery.message.variant
            && platform == delivery.platform
    }

    mutating func append(_ delivery: BatchedDelivery) {
        deliveries.append(delivery)
    }

    /// Two batches of at least one delivery each; nil if there is one delivery only.
    var halves: (VendorBatch, VendorBatch)? {
        guard count > 1 else { return nil }
        let middle = count / 2
        return (VendorBatch(self, deliveries[..<middle]), VendorBatch(self, deliveries[middle...]))
    }
}
