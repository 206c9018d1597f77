import NIOCore

/// Counts what was sent, by whom and from where, until an entry of the audit says so.
struct SendLedger: Sendable {
    struct Key: Hashable {
        let origin: Origin
        let appID: String
    }

    struct Sum {
        var messages = 0
        var deliveries = 0
        let first: MessageID
        var last: MessageID
    }

    /// Senders that are told apart before entries are written.
    private static let most = 1000

    private let interval: TimeAmount
    private var sums: [Key: Sum] = [:]
    private var began: NIODeadline = .distantPast
    /// Whether the commit that is under way has all of it.
    private var isWritten = false

    /// - Parameter interval: how long is counted before an entry is written.
    init(interval: TimeAmount) {
        self.interval = interval
    }

    mutating func count(_ message: MessageID, deliveries: Int, _ key: Key, at now: NIODeadline) {
        if sums.isEmpty { began = now }
        var sum = sums[key] ?? Sum(first: message, last: message)
        sum.messages += 1
        sum.deliveries += deliveries
        sum.last = max(sum.last, message)
        sums[key] = sum
    }

    /// What is to be written in this commit.
    /// - Parameter everything: whether also what is not due yet.
    mutating func write(at now: NIODeadline, everything: Bool) -> [Key: Sum] {
        isWritten = everything || began + interval <= now || sums.count >= Self.most
        return isWritten ? sums : [:]
    }

    /// What was written is on disk.
    mutating func committed() {
        guard isWritten else { return }
        isWritten = false
        sums.removeAll(keepingCapacity: true)
    }
}
