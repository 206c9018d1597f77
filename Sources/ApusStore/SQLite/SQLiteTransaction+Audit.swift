import ApusCore

private enum Statements {
    static let columns = "sequence, at, actor, address, act, object, details, previous, hash"
    static let head: SQL = "SELECT sequence, seal, message FROM audit_head"
    static let last: SQL = "SELECT \(columns) FROM audit ORDER BY sequence DESC LIMIT 1"
    static let page: SQL = "SELECT \(columns) FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?"
    static let filtered: SQL = """
        SELECT \(columns) FROM audit
        WHERE sequence < ?1 AND at >= ?2 AND (?3 IS NULL OR act = ?3 OR substr(act, 1, length(?3) + 1) = ?3 || '.')
            AND (?4 IS NULL OR actor = ?4)
        ORDER BY sequence DESC LIMIT ?5
        """
    static let append: SQL = "INSERT INTO audit (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    static let setHead: SQL = """
        INSERT INTO audit_head (only, sequence, seal, message) VALUES (1, ?, ?, ?)
        ON CONFLICT DO UPDATE SET sequence = excluded.sequence, seal = excluded.seal, message = excluded.message
        """
    static let messages: SQL = """
        SELECT a.public_id, count(*), min(m.id), max(m.id) FROM messages m JOIN apps a ON a.id = m.app
        WHERE m.id > ? GROUP BY m.app ORDER BY m.app
        """
}

extension SQLiteTransaction {
    private func entry(_ row: SQLiteRow) -> AuditEntry {
        AuditEntry(
            sequence: row.int(0), at: row.time(1),
            act: AuditAct(
                actor: row.text(2), address: row.text(3), name: row.text(4), object: row.text(5), details: row.text(6)),
            previous: row.blob(7), seal: row.blob(8))
    }

    func auditHead() throws -> AuditHead? {
        try database.first(Statements.head) { row in
            AuditHead(sequence: row.int(0), seal: row.blob(1), message: MessageID(row.int(2)))
        }
    }

    func lastAuditEntry() throws -> AuditEntry? {
        try database.first(Statements.last, value: entry)
    }

    func auditEntries(after: Int64, limit: Int) throws -> [AuditEntry] {
        var entries: [AuditEntry] = []
        try database.rows(Statements.page, after, limit) { entries.append(entry($0)) }
        return entries
    }

    func auditEntries(_ filter: AuditFilter, before: Int64?, limit: Int) throws -> [AuditEntry] {
        var entries: [AuditEntry] = []
        try database.rows(
            Statements.filtered, before ?? .max, filter.since ?? Timestamp(milliseconds: .min), filter.act,
            filter.actor, limit
        ) { entries.append(entry($0)) }
        return entries
    }

    func messagesByApp(after message: MessageID) throws -> [AppMessages] {
        var found: [AppMessages] = []
        try database.rows(Statements.messages, message) { row in
            found.append(
                AppMessages(
                    appID: row.text(0), messages: Int(row.int(1)), first: MessageID(row.int(2)),
                    last: MessageID(row.int(3))))
        }
        return found
    }

    func append(_ entry: AuditEntry) throws {
        let act = entry.act
        try database.run(
            Statements.append, entry.sequence, entry.at, act.actor, act.address, act.name, act.object, act.details,
            entry.previous, entry.seal)
    }

    func setAuditHead(_ head: AuditHead) throws {
        try database.run(Statements.setHead, head.sequence, head.seal, head.message)
    }
}
