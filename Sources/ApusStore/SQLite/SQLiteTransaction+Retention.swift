import ApusCore

private enum Statements {
    static let due: SQL = "SELECT id FROM messages WHERE swept = 0 AND expires_at <= ? ORDER BY expires_at LIMIT ?"
    static let markSwept: SQL = "UPDATE messages SET swept = 1 WHERE id = ?"
    static let oldKeys: SQL = "SELECT app, tenant, key FROM idempotency WHERE message < ? ORDER BY message LIMIT ?"
    static let forgetKey: SQL = "DELETE FROM idempotency WHERE app = ? AND tenant = ? AND key = ?"
    static let old: SQL = "SELECT id FROM messages WHERE id < ? AND swept = 1 ORDER BY id LIMIT ?"
    static let deleteDeliveries: SQL = """
        DELETE FROM deliveries
        WHERE message = ?1 AND device IN (SELECT device FROM deliveries WHERE message = ?1 LIMIT ?2)
        """
    static let deleteTrail: SQL = """
        DELETE FROM trail
        WHERE message = ?1 AND device IN (SELECT DISTINCT device FROM trail WHERE message = ?1 LIMIT ?2)
        """
    static let deleteTasks: SQL = "DELETE FROM vendor_tasks WHERE message = ?"
    static let deleteCollapseKeys: SQL = "DELETE FROM collapse_keys WHERE message = ?"
    static let deleteMessage: SQL = "DELETE FROM messages WHERE id = ?"
}

extension SQLiteTransaction {
    /// Rows that one step may touch, so that a message to very many devices does not hold up everything else.
    private static let rowsPerStep = 5000
    /// How long one step may take, for what rows do not tell.
    private static let timePerStep = Duration.milliseconds(20)

    func expire(at now: Timestamp, limit: Int) throws -> (ended: Int, hasMore: Bool) {
        let due = try messages(Statements.due, now, limit)
        let started = ContinuousClock.now
        var ended = 0
        for message in due {
            ended += try end(.ofMessage(message, limit: Self.rowsPerStep - ended), .expired, at: now)
            if ended >= Self.rowsPerStep { return (ended, true) }
            try database.run(Statements.markSwept, message)
            if ContinuousClock.now - started > Self.timePerStep { return (ended, true) }
        }
        return (ended, due.count == limit)
    }

    func purge(messagesBefore time: Timestamp, keysBefore keyTime: Timestamp, limit: Int) throws
        -> (removed: Int, hasMore: Bool)
    {
        var keys: [(app: Int64, tenant: String, key: String)] = []
        try database.rows(Statements.oldKeys, MessageID(lowestAt: keyTime), limit) {
            keys.append(($0.int(0), $0.text(1), $0.text(2)))
        }
        for key in keys { try database.run(Statements.forgetKey, key.app, key.tenant, key.key) }
        let old = try messages(Statements.old, MessageID(lowestAt: time), limit)
        var removed = 0
        var rows = 0
        for message in old {
            rows += try database.run(Statements.deleteDeliveries, message, Self.rowsPerStep - rows)
            if rows >= Self.rowsPerStep { return (removed, true) }
            rows += try database.run(Statements.deleteTrail, message, Self.rowsPerStep - rows)
            if rows >= Self.rowsPerStep { return (removed, true) }
            try database.run(Statements.deleteTasks, message)
            try database.run(Statements.deleteCollapseKeys, message)
            try database.run(Statements.deleteMessage, message)
            removed += 1
        }
        let escalations = try purgeEscalations(before: MessageID(lowestAt: time), limit: limit)
        return (removed, old.count == limit || keys.count == limit || escalations == limit)
    }

    private func messages(_ sql: SQL, _ bound: some SQLiteBindable, _ limit: Int) throws -> [MessageID] {
        var messages: [MessageID] = []
        try database.rows(sql, bound, limit) { messages.append(MessageID($0.int(0))) }
        return messages
    }
}
