/// Remembers the last messages that came, so that one that is sent again is not handed out again.
struct RecentMessages {
    /// What the app has said of a message.
    enum Receipt: String {
        case confirmed = "CFM"
        case read = "READ"
    }

    private let capacity: Int
    private var receipts: [String: Set<Receipt>] = [:]
    /// The ids in a ring; the oldest is at `oldest` once the ring is full.
    private var ring: [String] = []
    private var oldest = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Notes that a message came. Answers `nil` if it is new, else what the app has said of it, which the server has
    /// not heard.
    mutating func note(_ id: String) -> Set<Receipt>? {
        if let known = receipts[id] { return known }
        receipts[id] = []
        if ring.count < capacity {
            ring.append(id)
        } else {
            receipts[ring[oldest]] = nil
            ring[oldest] = id
            oldest = (oldest + 1) % capacity
        }
        return nil
    }

    mutating func note(_ receipt: Receipt, of id: String) {
        receipts[id]?.insert(receipt)
    }
}
