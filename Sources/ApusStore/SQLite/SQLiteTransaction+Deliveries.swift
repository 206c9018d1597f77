import ApusCore

private enum Statements {
    /// A device that comes and goes must not fill the disk: the last of so many entries is the latest attempt.
    static let longestTrail = 20
    static let appendTrail: SQL = """
        INSERT OR REPLACE INTO trail (message, device, position, at, code, route, detail)
        SELECT ?1, ?2, min(1 + coalesce(max(position), 0), \(longestTrail)), ?3, ?4, ?5, ?6
        FROM trail WHERE message = ?1 AND device = ?2
        """
    static let trail: SQL = """
        SELECT at, code, route, detail FROM trail WHERE message = ? AND device = ? ORDER BY position
        """
    static let pending: SQL = """
        SELECT \(SQLiteTransaction.messageColumns), d.state > 0
        FROM deliveries d JOIN messages m ON m.id = d.message JOIN apps a ON a.id = m.app
        WHERE d.device = ? AND d.open = 1 AND d.message > ? AND m.expires_at > ?
        ORDER BY d.message LIMIT ?
        """
    static let pendingOne: SQL = """
        SELECT \(SQLiteTransaction.messageColumns), d.state > 0
        FROM deliveries d JOIN messages m ON m.id = d.message JOIN apps a ON a.id = m.app
        WHERE d.message = ? AND d.device = ? AND d.open = 1 AND m.expires_at > ?
        """
    static let recordColumns = """
        v.id, v.public_id, v.alias, d.rule, d.needs_confirmation, d.state, d.attempts, d.route, d.sent_at,
        d.received_at, d.read_at, d.end, d.reason, d.ended_at
        """
    static let list: SQL = """
        SELECT \(recordColumns) FROM deliveries d JOIN devices v ON v.id = d.device
        WHERE d.message = ? AND d.device > ? ORDER BY d.device LIMIT ?
        """
    static let record: SQL = """
        SELECT \(recordColumns) FROM deliveries d JOIN devices v ON v.id = d.device
        WHERE d.message = ? AND d.device = ?
        """
}

extension SQLiteTransaction {
    func delivery(_ row: SQLiteRow, at column: Int32 = 0) -> Delivery {
        Delivery(
            needsConfirmation: row.bool(column), state: DeliveryState(rawValue: row.int(column + 1)) ?? .unsent,
            end: end(row.optionalText(column + 7), reason: row.optionalText(column + 8)),
            sentAt: row.optionalTime(column + 4), receivedAt: row.optionalTime(column + 5),
            readAt: row.optionalTime(column + 6), endedAt: row.optionalTime(column + 9),
            attempts: Int(row.int(column + 2)), route: row.optionalText(column + 3).map(Route.init(rawValue:)))
    }

    func end(_ name: String?, reason: String?) -> DeliveryEnd? {
        switch name {
        case "expired": .expired
        case "cancelled": .cancelled
        case "failed": .failed(reason ?? "unknown")
        default: nil
        }
    }

    func append(_ entry: TrailEntry, to message: MessageID, _ device: DeviceNumber) throws {
        try database.run(
            Statements.appendTrail, message, device, entry.at, entry.code, entry.route, entry.detail)
    }

    func pending(for device: DeviceNumber, after: MessageID, limit: Int, at now: Timestamp) throws -> [PendingDelivery]
    {
        var deliveries: [PendingDelivery] = []
        try database.rows(Statements.pending, device, after, now, limit) {
            deliveries.append(PendingDelivery(message: message($0), wasSent: $0.bool(Self.messageColumnCount)))
        }
        return deliveries
    }

    func pending(
        for device: DeviceNumber, among messages: [MessageID], at now: Timestamp
    ) throws -> [PendingDelivery] {
        var deliveries: [PendingDelivery] = []
        for id in messages.sorted() {
            try database.rows(Statements.pendingOne, id, device, now) {
                deliveries.append(PendingDelivery(message: message($0), wasSent: $0.bool(Self.messageColumnCount)))
            }
        }
        return deliveries
    }

    private func record(_ row: SQLiteRow) -> DeliveryRecord {
        DeliveryRecord(
            device: DeviceNumber(row.int(0)), deviceID: row.text(1), alias: row.text(2), rule: Int(row.int(3)),
            delivery: delivery(row, at: 4))
    }

    func deliveries(of message: MessageID, after: DeviceNumber?, limit: Int) throws -> [DeliveryRecord] {
        var records: [DeliveryRecord] = []
        try database.rows(
            Statements.list, message, after ?? DeviceNumber(-1), limit
        ) { records.append(record($0)) }
        return records
    }

    func delivery(of message: MessageID, to device: DeviceNumber) throws -> DeliveryRecord? {
        try database.first(Statements.record, message, device, value: record)
    }

    func trail(of message: MessageID, to device: DeviceNumber) throws -> [TrailEntry] {
        var entries: [TrailEntry] = []
        try database.rows(Statements.trail, message, device) { row in
            entries.append(
                TrailEntry(at: row.time(0), code: row.text(1), route: row.text(2), detail: row.optionalText(3)))
        }
        return entries
    }
}
