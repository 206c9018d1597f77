import ApusCore

private enum Statements {
    static let policies: SQL = "SELECT app, policy FROM route_policies"
    static let putPolicy: SQL = "INSERT OR REPLACE INTO route_policies (app, policy) VALUES (?, ?)"
    static let removePolicy: SQL = "DELETE FROM route_policies WHERE app = ?"

    static let select = """
        SELECT e.message, e.app, e.steps, e.stops_at_first, e.expires_at, e.next, e.current, e.due_at, e.end,
            e.confirmed_by, e.ended_at
        FROM escalations e
        """
    static let due: SQL = "\(select) WHERE e.due_at <= ? ORDER BY e.due_at, e.message LIMIT ?"
    static let byMessage: SQL = """
        \(select) WHERE e.message = coalesce((SELECT root FROM escalation_members WHERE message = ?1), ?1)
        """
    static let family: SQL = """
        \(select) JOIN escalation_members m ON m.root = e.message WHERE m.message = ? AND e.end IS NULL
        """
    static let hasFamilies: SQL = """
        SELECT EXISTS (SELECT 1 FROM escalations WHERE due_at IS NOT NULL AND stops_at_first = 1)
        """
    static let insert: SQL = """
        INSERT INTO escalations (message, app, steps, stops_at_first, expires_at, next, current, due_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let update: SQL = """
        UPDATE escalations SET next = ?, current = ?, due_at = ?, end = ?, confirmed_by = ?, ended_at = ?
        WHERE message = ?
        """
    static let insertMember: SQL = "INSERT OR IGNORE INTO escalation_members (message, root) VALUES (?, ?)"
    static let recordColumns = "SELECT id, message, step, at, code, detail, child FROM escalation_steps"
    static let records: SQL = "\(recordColumns) WHERE message = ? ORDER BY step"
    static let children: SQL = """
        SELECT child FROM escalation_steps WHERE message = ? AND child IS NOT NULL ORDER BY step
        """
    static let insertRecord: SQL = """
        INSERT INTO escalation_steps (message, step, at, code, detail, child) VALUES (?, ?, ?, ?, ?, ?)
        """
    static let recipients: SQL = """
        SELECT v.alias, max(d.end IS NULL AND d.open = 0) FROM deliveries d JOIN devices v ON v.id = d.device
        WHERE d.message = ? AND d.reason IS NOT 'device.reassigned' GROUP BY v.alias LIMIT ?
        """
    static let mobile: SQL = """
        SELECT mobile FROM devices WHERE app = ? AND alias = ? AND active = 1 AND (tenant = '' OR tenant = ?)
            AND mobile <> ''
        ORDER BY registered_at DESC, id DESC LIMIT 1
        """
    static let openKinds: SQL = """
        SELECT DISTINCT v.platform, v.vendor FROM deliveries d JOIN devices v ON v.id = d.device
        WHERE d.message = ? AND d.open = 1 AND v.active = 1
        """
    static let fillOutbox: SQL = """
        INSERT OR IGNORE INTO outbox (route, app, message, device)
        SELECT ?1, ?2, ?3, d.device FROM deliveries d JOIN devices v ON v.id = d.device
        WHERE d.message = ?3 AND d.open = 1 AND v.active = 1 AND v.platform = ?4 AND v.vendor IS ?5
            AND d.route IS NOT ?1
        """
    static let cancelNotices: SQL = """
        UPDATE notices SET state = 4
        WHERE row IN (SELECT -id FROM escalation_steps WHERE message = ?) AND state = 0
        """
    static let isStopped: SQL = """
        SELECT 1 FROM escalation_steps s JOIN escalations e ON e.message = s.message
        WHERE s.id = ? AND e.end IS NOT NULL AND e.end <> 'done'
        """
    static let removals: [SQL] = [
        "DELETE FROM notices WHERE row IN (SELECT -id FROM escalation_steps WHERE message = ?)",
        "DELETE FROM escalation_steps WHERE message = ?",
        "DELETE FROM escalation_members WHERE root = ?",
        "DELETE FROM escalations WHERE message = ?",
    ]
}

/// What is done about messages that nobody confirms.
extension SQLiteTransaction {
    func routePolicies() throws -> [AppNumber: RoutePolicy] {
        var policies: [AppNumber: RoutePolicy] = [:]
        try database.rows(Statements.policies) { policies[AppNumber($0.int(0))] = RoutePolicy($0.text(1)) }
        return policies
    }

    func setPolicy(_ policy: RoutePolicy, of app: AppNumber) throws {
        if policy.isEmpty {
            try database.run(Statements.removePolicy, app)
        } else {
            try database.run(Statements.putPolicy, app, policy.text)
        }
    }

    // MARK: Escalations

    private func escalation(_ row: SQLiteRow) -> Escalation {
        Escalation(
            message: MessageID(row.int(0)), app: AppNumber(row.int(1)),
            plan: EscalationPlan(EscalationPlan.Step.list(row.text(2)), stopsAtFirst: row.bool(3)),
            expiresAt: row.time(4), next: Int(row.int(5)), current: MessageID(row.int(6)), due: row.optionalTime(7),
            end: end(row), endedAt: row.optionalTime(10))
    }

    private func end(_ row: SQLiteRow) -> Escalation.End? {
        switch row.optionalText(8) {
        case "confirmed": .confirmed(DeviceNumber(row.int(9)))
        case "cancelled": .cancelled
        case "expired": .expired
        case "done": .done
        default: nil
        }
    }

    func hasFamilies() throws -> Bool {
        try database.first(Statements.hasFamilies) { $0.bool(0) } ?? false
    }

    func dueEscalations(at now: Timestamp, limit: Int) throws -> [Escalation] {
        var due: [Escalation] = []
        try database.rows(Statements.due, now, limit) { due.append(escalation($0)) }
        return due
    }

    func escalation(of message: MessageID) throws -> Escalation? {
        try database.first(Statements.byMessage, message, value: escalation)
    }

    func family(of message: MessageID) throws -> Escalation? {
        try database.first(Statements.family, message, value: escalation)
    }

    func insert(_ escalation: Escalation) throws {
        try database.run(
            Statements.insert, escalation.message, escalation.app, EscalationPlan.Step.text(escalation.plan.steps),
            escalation.plan.stopsAtFirst, escalation.expiresAt, escalation.next, escalation.current, escalation.due)
        if escalation.plan.stopsAtFirst {
            try database.run(Statements.insertMember, escalation.message, escalation.message)
        }
    }

    func update(_ escalation: Escalation) throws {
        var device: DeviceNumber?
        if case .confirmed(let confirmer) = escalation.end { device = confirmer }
        try database.run(
            Statements.update, escalation.next, escalation.current, escalation.due, escalation.end?.name, device,
            escalation.endedAt, escalation.message)
    }

    // MARK: Steps

    func escalationRecords(of message: MessageID) throws -> [EscalationRecord] {
        var records: [EscalationRecord] = []
        try database.rows(Statements.records, message) { row in
            records.append(
                EscalationRecord(
                    id: row.int(0), message: MessageID(row.int(1)), step: Int(row.int(2)), at: row.time(3),
                    code: row.text(4), detail: row.text(5), child: row.optionalInt(6).map { MessageID($0) }))
        }
        return records
    }

    func children(of message: MessageID) throws -> [MessageID] {
        var children: [MessageID] = []
        try database.rows(Statements.children, message) { children.append(MessageID($0.int(0))) }
        return children
    }

    func insert(_ record: EscalationRecord) throws -> Int64 {
        try database.run(
            Statements.insertRecord, record.message, record.step, record.at, record.code, record.detail, record.child)
        let id = database.lastInsertedRow
        if let child = record.child { try database.run(Statements.insertMember, child, record.message) }
        return id
    }

    // MARK: Whom steps tell

    func recipients(of message: MessageID, limit: Int) throws -> [String: Bool] {
        var recipients: [String: Bool] = [:]
        try database.rows(Statements.recipients, message, limit) { recipients[$0.text(0)] = $0.bool(1) }
        return recipients
    }

    func mobile(of alias: String, app: AppNumber, tenant: String) throws -> String? {
        try database.first(Statements.mobile, app, alias, tenant) { $0.text(0) }
    }

    func openKinds(of message: MessageID) throws -> [DeviceKind] {
        var kinds: [DeviceKind] = []
        try database.rows(Statements.openKinds, message) { row in
            guard let platform = Platform(rawValue: row.int(0)) else { return }
            kinds.append(DeviceKind(platform: platform, vendor: row.optionalText(1).map(Route.init(rawValue:))))
        }
        return kinds
    }

    func putIntoOutbox(
        of route: Route, _ app: AppNumber, _ message: MessageID, _ kind: DeviceKind
    ) throws -> Int {
        try database.run(
            Statements.fillOutbox, route.rawValue, app, message, kind.platform.rawValue, kind.vendor?.rawValue)
    }

    func cancelNotices(of message: MessageID) throws {
        try database.run(Statements.cancelNotices, message)
    }

    func isStopped(step: Int64) throws -> Bool {
        try database.first(Statements.isStopped, step) { _ in true } ?? false
    }

    func purgeEscalation(of message: MessageID) throws {
        for removal in Statements.removals { try database.run(removal, message) }
    }
}
