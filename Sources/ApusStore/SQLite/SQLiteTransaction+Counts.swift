import ApusCore

private enum Statements {
    static let messages: SQL = "SELECT message FROM delivery_counts"
    static let kept: SQL = """
        SELECT unsent, sent, received, read, expired, failed, cancelled FROM delivery_counts WHERE message = ?
        """
    static let change: SQL = """
        INSERT INTO delivery_counts (message, unsent, sent, received, read, expired, failed, cancelled)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET unsent = unsent + excluded.unsent, sent = sent + excluded.sent,
            received = received + excluded.received, read = read + excluded.read,
            expired = expired + excluded.expired, failed = failed + excluded.failed,
            cancelled = cancelled + excluded.cancelled
        """
    static let remove: SQL = "DELETE FROM delivery_counts WHERE message = ?"
    static let count: SQL = """
        SELECT state, end, count(*)
        FROM (SELECT state, end FROM deliveries WHERE message = ? ORDER BY device LIMIT ?) GROUP BY state, end
        """
}

/// How many of a message's deliveries stand where.
extension SQLiteTransaction {
    func counts(of message: MessageID) throws -> DeliveryCounts {
        // What the transaction itself did counts too; one that only reads did nothing.
        try writeTally()
        if let kept = try database.first(Statements.kept, message, value: counts) { return kept }
        var counts = DeliveryCounts()
        try count(message, first: .max) { counts.count($0, $1, times: $2) }
        return counts
    }

    private func count(
        _ message: MessageID, first limit: Int, _ body: (DeliveryState, DeliveryEnd?, Int) -> Void
    ) throws {
        try database.rows(Statements.count, message, limit) { row in
            body(
                DeliveryState(rawValue: row.int(0)) ?? .unsent, end(row.optionalText(1), reason: nil), Int(row.int(2)))
        }
    }

    private func counts(_ row: SQLiteRow) -> DeliveryCounts {
        var counts = DeliveryCounts()
        (counts.unsent, counts.sent, counts.received) = (Int(row.int(0)), Int(row.int(1)), Int(row.int(2)))
        (counts.read, counts.expired) = (Int(row.int(3)), Int(row.int(4)))
        (counts.failed, counts.cancelled) = (Int(row.int(5)), Int(row.int(6)))
        return counts
    }

    /// The messages whose counts are kept.
    func countedMessages() throws -> Set<MessageID> {
        var messages: Set<MessageID> = []
        try database.rows(Statements.messages) { messages.insert(MessageID($0.int(0))) }
        return messages
    }

    /// Writes what the transaction did to counts that are kept.
    func writeTally() throws {
        for (message, change) in tally.takeChanges() {
            try database.run(
                Statements.change, message, change.unsent, change.sent, change.received, change.read, change.expired,
                change.failed, change.cancelled)
        }
    }

    /// The first deliveries of a message, so many at most, are about to be removed.
    func uncount(_ message: MessageID, first limit: Int) throws {
        guard tally.messages.contains(message) else { return }
        try count(message, first: limit) { tally.remove($2, of: message, $0, $1) }
    }

    /// The message is removed.
    func removeCounts(of message: MessageID) throws {
        guard tally.messages.contains(message) else { return }
        tally.forget(message)
        try database.run(Statements.remove, message)
    }
}
