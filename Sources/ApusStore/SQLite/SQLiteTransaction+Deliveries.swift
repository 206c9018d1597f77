import ApusCore

private enum Statements {
    static let byKey: SQL = """
        SELECT needs_confirmation, state, attempts, route, sent_at, received_at, read_at, end, reason, ended_at
        FROM deliveries WHERE message = ? AND device = ?
        """
    static let updateNew: SQL = """
        UPDATE deliveries SET open = CASE ?1 WHEN 1 THEN needs_confirmation ELSE 0 END, state = ?1, attempts = ?2,
            route = ?3, sent_at = ?4, received_at = ?5, read_at = ?6
        WHERE message = ?7 AND device = ?8 AND state = 0 AND end IS NULL
        """
    static let update: SQL = """
        UPDATE deliveries SET open = ?, state = ?, attempts = ?, route = ?, sent_at = ?, received_at = ?, read_at = ?,
            end = ?, reason = ?, ended_at = ?
        WHERE message = ? AND device = ?
        """
    /// Many rows in one statement cost less than half of what as many statements do.
    static let chunk = 64
    static let sendChunk: SQL = """
        UPDATE deliveries SET open = needs_confirmation, state = 1, attempts = 1, route = ?1, sent_at = ?2
        WHERE message = ?3 AND device IN (\((0..<chunk).map { "?\($0 + 4)" }.joined(separator: ", ")))
            AND state = 0 AND end IS NULL
        """
    static let savepoint: SQL = "SAVEPOINT chunk"
    static let release: SQL = "RELEASE chunk"
    static let rollBack: SQL = "ROLLBACK TO chunk"
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
    static let counts: SQL = "SELECT state, end, count(*) FROM deliveries WHERE message = ? GROUP BY state, end"
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
    private func delivery(_ row: SQLiteRow, at column: Int32 = 0) -> Delivery {
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

    func apply(_ change: DeliveryChange) throws -> Bool {
        if change.sentAt != nil, change.end == nil, try applyToNew(change) { return true }
        guard
            var delivery = try database.first(Statements.byKey, change.message, change.device, value: { delivery($0) })
        else { return false }
        var changed = false
        for (event, time) in change.events {
            guard delivery.apply(event, at: time) else { continue }
            changed = true
            if case .sent(let route) = event, delivery.attempts > 1 {
                try append(
                    TrailEntry(at: time, code: "resent", route: route.rawValue), to: change.message, change.device)
            }
        }
        if changed { try update(delivery, of: change.message, to: change.device) }
        return changed
    }

    /// Most deliveries are unsent when they change: what the change makes of an unsent one is written without reading
    /// it first.
    /// - Returns: false if it is not unsent; nothing has been written then.
    private func applyToNew(_ change: DeliveryChange) throws -> Bool {
        var delivery = Delivery(needsConfirmation: false)
        for (event, time) in change.events { delivery.apply(event, at: time) }
        return try database.run(
            Statements.updateNew, delivery.state.rawValue, delivery.attempts, delivery.route?.rawValue, delivery.sentAt,
            delivery.receivedAt, delivery.readAt, change.message, change.device) == 1
    }

    func apply(_ group: SentGroup) throws -> Int {
        var changed = 0
        var rest = group.devices[...]
        while rest.count >= Statements.chunk {
            let devices = rest.prefix(Statements.chunk)
            try database.run(Statements.savepoint)
            let sent = try database.run(
                Statements.sendChunk, arguments: [group.route.rawValue, group.at, group.message],
                integers: devices.lazy.map(\.rawValue))
            if sent == Statements.chunk {
                changed += sent
            } else {
                // Not all were unsent, so each is looked at on its own.
                try database.run(Statements.rollBack)
                changed += try applyEach(group, devices)
            }
            try database.run(Statements.release)
            rest = rest.dropFirst(Statements.chunk)
        }
        return try changed + applyEach(group, rest)
    }

    private func applyEach(_ group: SentGroup, _ devices: ArraySlice<DeviceNumber>) throws -> Int {
        try devices.reduce(0) { count, device in
            count + (try apply(.sent(group.message, device, group.route, at: group.at)) ? 1 : 0)
        }
    }

    private func update(_ delivery: Delivery, of message: MessageID, to device: DeviceNumber) throws {
        let end: (name: String?, reason: String?) =
            switch delivery.end {
            case .expired: ("expired", nil)
            case .cancelled: ("cancelled", nil)
            case .failed(let reason): ("failed", reason)
            case nil: (nil, nil)
            }
        try database.run(
            Statements.update, delivery.isOpen, delivery.state.rawValue, delivery.attempts, delivery.route?.rawValue,
            delivery.sentAt,
            delivery.receivedAt, delivery.readAt, end.name, end.reason, delivery.endedAt, message, device)
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

    func counts(of message: MessageID) throws -> DeliveryCounts {
        var counts = DeliveryCounts()
        try database.rows(Statements.counts, message) { row in
            counts.count(
                DeliveryState(rawValue: row.int(0)) ?? .unsent, end(row.optionalText(1), reason: nil),
                times: Int(row.int(2)))
        }
        return counts
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
