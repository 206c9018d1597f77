/// What a device knows of its latest messages: which came, what the app has said of them, and what of that the server
/// may not have heard.
struct MessageMemory {
    private let capacity: Int
    private var receipts: [String: Set<Receipt.Kind>] = [:]
    /// The ids in a ring; the oldest is at `oldest` once the ring is full.
    private var ring: [String] = []
    private var oldest = 0
    /// Receipts that the server may not have heard, oldest first.
    private(set) var owed: [Receipt] = []
    /// How many receipts were noted so far.
    private var noted = 0
    private var openHeartbeats = 0
    /// The heartbeat whose answer tells that the first so many receipts were heard, and how many answers come with it.
    private var mark: (noted: Int, answers: Int)?

    init(capacity: Int, entries: [MessageLogEntry] = []) {
        self.capacity = max(capacity, 1)
        for entry in entries {
            switch entry {
            case .receipt(let receipt): note(receipt)
            case .heard: owed = []
            }
        }
    }

    /// Notes that a message came. Answers `nil` if it is new, else what the app has said of it, which the server has
    /// not heard.
    mutating func noteArrival(of id: String) -> [Receipt]? {
        guard let known = receipts[id] else {
            remember(id)
            return nil
        }
        return [.confirmed, .read].filter(known.contains).map { Receipt($0, of: id) }
    }

    /// Notes what the app says of a message. Answers whether it had not said so before.
    @discardableResult
    mutating func note(_ receipt: Receipt) -> Bool {
        if receipts[receipt.messageID] == nil { remember(receipt.messageID) }
        guard receipts[receipt.messageID]?.insert(receipt.kind).inserted == true else { return false }
        if owed.count == capacity { owed.removeFirst() }
        owed.append(receipt)
        noted += 1
        return true
    }

    private mutating func remember(_ id: String) {
        receipts[id] = []
        if ring.count < capacity {
            ring.append(id)
        } else {
            receipts[ring[oldest]] = nil
            ring[oldest] = id
            oldest = (oldest + 1) % capacity
        }
    }

    // MARK: Heartbeats

    /// A heartbeat is said now, behind all receipts noted so far.
    mutating func noteHeartbeat() {
        openHeartbeats += 1
        if mark == nil { mark = (noted, openHeartbeats) }
    }

    /// The server has answered a heartbeat. Answers whether it has now heard all that was owed.
    mutating func noteHeartbeatAnswer() -> Bool {
        guard openHeartbeats > 0 else { return false }
        openHeartbeats -= 1
        mark?.answers -= 1
        guard let mark, mark.answers == 0 else { return false }
        self.mark = nil
        let rest = min(noted - mark.noted, owed.count)
        guard rest < owed.count else { return false }
        owed.removeFirst(owed.count - rest)
        return owed.isEmpty
    }

    /// The connection ended, and with it the hope for answers.
    mutating func forgetHeartbeats() {
        openHeartbeats = 0
        mark = nil
    }
}
