import ApusCore

private enum Statements {
    static let due: SQL = """
        \(SQLiteTransaction.selectMessage) WHERE m.waiting = 1 AND m.send_at <= ? ORDER BY m.send_at LIMIT ?
        """
    static let release: SQL = "UPDATE messages SET waiting = 0 WHERE id = ?"
    static let cancel: SQL = """
        UPDATE messages SET waiting = 0, cancelled_at = coalesce(cancelled_at, ?) WHERE id = ?
        """
    static let collapsed: SQL = "SELECT message FROM collapse_keys WHERE device = ? AND scope = ? AND key = ?"
    static let collapse: SQL = """
        INSERT OR REPLACE INTO collapse_keys (device, scope, key, message) VALUES (?, ?, ?, ?)
        """

    static let everyMessage = list("?1 IS NULL")
    // Each has an index that holds just these, newest last.
    static let ofApp = list(inApp)
    static let waitingOfApp = list("\(inApp) AND m.waiting = 1")
    static let cancelledOfApp = list("\(inApp) AND m.cancelled_at IS NOT NULL")
    static let acceptedOfApp = list("\(inApp) AND m.waiting = 0 AND m.cancelled_at IS NULL")

    private static let inApp = "m.app = (SELECT id FROM apps WHERE public_id = ?1)"

    private static func list(_ condition: String) -> SQL {
        "\(SQLiteTransaction.selectMessage) WHERE \(condition) AND m.id < ?2 ORDER BY m.id DESC LIMIT ?3"
    }
}

/// Messages that wait for their time, are taken back or replaced, and lists of them.
extension SQLiteTransaction {
    func dueMessages(at now: Timestamp, limit: Int) throws -> [MessageRecord] {
        var records: [MessageRecord] = []
        try database.rows(Statements.due, now, limit) { records.append(messageRecord($0)) }
        return records
    }

    func release(_ message: Message, to targets: ArraySlice<Target>) throws {
        try database.run(Statements.release, message.id)
        try insertDeliveries(of: message, to: targets)
    }

    func cancel(_ message: MessageID, at now: Timestamp) throws -> Int {
        try database.run(Statements.cancel, now, message)
        return try end(.ofMessage(message, limit: .max), .cancelled, at: now)
    }

    func replaceUndelivered(by message: Message, for targets: ArraySlice<Target>, at now: Timestamp) throws {
        guard let key = message.content.collapseKey else { return }
        let scope = message.content.push.map { "endpoint \($0.endpoint.rawValue)" } ?? "tenant \(message.tenant)"
        for target in targets {
            let earlier = try database.first(Statements.collapsed, target.device, scope, key) { MessageID($0.int(0)) }
            if let earlier, try apply(.ended(earlier, target.device, .cancelled, at: now)) {
                try append(TrailEntry.replaced(by: message.id, at: now), to: earlier, target.device)
            }
            try database.run(Statements.collapse, target.device, scope, key, message.id)
        }
    }

    func messages(_ filter: MessageFilter, before: MessageID?, limit: Int) throws -> [MessageRecord] {
        let sql =
            switch (filter.appID, filter.state) {
            case (nil, _): Statements.everyMessage
            case (_, nil): Statements.ofApp
            case (_, .scheduled): Statements.waitingOfApp
            case (_, .cancelled): Statements.cancelledOfApp
            case (_, .accepted): Statements.acceptedOfApp
            }
        var records: [MessageRecord] = []
        try database.rows(sql, filter.appID, before ?? MessageID(.max), limit) { records.append(messageRecord($0)) }
        return records
    }
}
