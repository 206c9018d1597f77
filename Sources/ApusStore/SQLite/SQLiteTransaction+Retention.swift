import ApusCore

private enum Statements {
    // What waits for its time gets its deliveries first, so that they end too.
    static let due: SQL = """
        SELECT id FROM messages WHERE swept = 0 AND waiting = 0 AND expires_at <= ? ORDER BY expires_at LIMIT ?
        """
    static let markSwept: SQL = "UPDATE messages SET swept = 1 WHERE id = ?"
    static let oldKeys: SQL = "SELECT app, tenant, key FROM idempotency WHERE at < ? ORDER BY at LIMIT ?"
    static let forgetKey: SQL = "DELETE FROM idempotency WHERE app = ? AND tenant = ? AND key = ?"
    static let ofApp: SQL = "SELECT age, count FROM app_retention WHERE app = ?"
    static let setApp: SQL = "INSERT OR REPLACE INTO app_retention (app, age, count) VALUES (?, ?, ?)"
    static let unsetApp: SQL = "DELETE FROM app_retention WHERE app = ?"
    static let latest: SQL = """
        SELECT coalesce(accepted_at << 21, id) FROM messages
        WHERE id = (SELECT id FROM messages WHERE app = ? ORDER BY id DESC LIMIT 1 OFFSET ?)
        """
    /// The id that is as old as the message. There is an index by it.
    static let keptFrom = "coalesce(send_at << 21, accepted_at << 21, id)"
    static let oldest: SQL = "SELECT \(keptFrom) FROM messages WHERE app = ? AND swept = 1 ORDER BY \(keptFrom) LIMIT 1"
    static let old: SQL = """
        SELECT id FROM messages WHERE app = ? AND swept = 1 AND \(keptFrom) < ? ORDER BY \(keptFrom) LIMIT ?
        """
    static let deleteTrail: SQL = """
        DELETE FROM trail
        WHERE message = ?1 AND device IN (SELECT DISTINCT device FROM trail WHERE message = ?1 LIMIT ?2)
        """
    static let deleteTasks: SQL = "DELETE FROM vendor_tasks WHERE message = ?"
    static let deleteCollapseKeys: SQL = "DELETE FROM collapse_keys WHERE message = ?"
    static let deleteMessage: SQL = "DELETE FROM messages WHERE id = ?"
    /// No id is given out twice, whatever the clock says.
    static let notePurged: SQL = "UPDATE purged SET last = max(last, ?)"
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

    func forgetKeys(before time: Timestamp, limit: Int) throws -> Bool {
        var keys: [(app: Int64, tenant: String, key: String)] = []
        try database.rows(Statements.oldKeys, time, limit) {
            keys.append(($0.int(0), $0.text(1), $0.text(2)))
        }
        for key in keys { try database.run(Statements.forgetKey, key.app, key.tenant, key.key) }
        return keys.count == limit
    }

    func retention(of app: AppNumber) throws -> AppRetention {
        try database.first(Statements.ofApp, app) { AppRetention(age: $0.optionalInt(0), count: $0.optionalInt(1)) }
            ?? AppRetention()
    }

    func setRetention(_ retention: AppRetention, of app: AppNumber) throws {
        if retention == AppRetention() {
            try database.run(Statements.unsetApp, app)
        } else {
            try database.run(Statements.setApp, app, retention.age, retention.count)
        }
    }

    func firstKept(of app: AppNumber, by retention: Retention, at now: Timestamp) throws -> MessageID? {
        let oldest = try database.first(Statements.oldest, app) { MessageID($0.int(0)) }
        guard let oldest else { return nil }
        var kept = MessageID(lowestAt: now.adding(seconds: -retention.age))
        if retention.count > 0 {
            let latest = try database.first(Statements.latest, app, retention.count - 1) { MessageID($0.int(0)) }
            // One that was accepted before the clock was set back says nothing of the others' age.
            if let latest, latest.time <= now { kept = max(kept, latest) }
        }
        return oldest < kept ? kept : nil
    }

    func purge(_ app: AppNumber, before kept: MessageID, limit: Int) throws -> (removed: Int, hasMore: Bool) {
        var old: [MessageID] = []
        try database.rows(Statements.old, app, kept, limit) { old.append(MessageID($0.int(0))) }
        let started = ContinuousClock.now
        var removed = 0
        var rows = 0
        for message in old {
            rows += try removeDeliveries(of: message, limit: Self.rowsPerStep - rows)
            if rows >= Self.rowsPerStep { return (removed, true) }
            rows += try database.run(Statements.deleteTrail, message, Self.rowsPerStep - rows)
            if rows >= Self.rowsPerStep { return (removed, true) }
            try removeCounts(of: message)
            try purgeEscalation(of: message)
            try database.run(Statements.deleteTasks, message)
            try database.run(Statements.deleteCollapseKeys, message)
            try database.run(Statements.deleteMessage, message)
            try database.run(Statements.notePurged, message)
            removed += 1
            if ContinuousClock.now - started > Self.timePerStep { return (removed, true) }
        }
        return (removed, old.count == limit)
    }

    private func messages(_ sql: SQL, _ bound: some SQLiteBindable, _ limit: Int) throws -> [MessageID] {
        var messages: [MessageID] = []
        try database.rows(sql, bound, limit) { messages.append(MessageID($0.int(0))) }
        return messages
    }
}
