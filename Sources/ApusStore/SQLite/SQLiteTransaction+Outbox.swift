import ApusCore

private enum Statements {
    static let insert: SQL = "INSERT OR IGNORE INTO outbox (route, app, message, device) VALUES (?, ?, ?, ?)"
    static let insertOpen: SQL = """
        INSERT INTO outbox (route, app, message, device)
        SELECT ?, ?, message, device FROM deliveries WHERE device = ? AND open = 1
        ON CONFLICT DO UPDATE SET not_before = 0
        """
    static let putOff: SQL = """
        UPDATE outbox SET not_before = ?, attempts = attempts + ?
        WHERE route = ? AND app = ? AND message = ? AND device = ?
        """
    static let apps: SQL = """
        SELECT id FROM apps WHERE EXISTS (SELECT 1 FROM outbox WHERE route = ? AND outbox.app = apps.id)
        """
    static let page: SQL = """
        SELECT \(SQLiteTransaction.messageColumns), coalesce(v.address, v.native_token), v.registered_at,
            d.open = 1 AND m.expires_at > ?4 AND v.active = 1, o.message, o.device, o.attempts,
            v.platform, v.language
        FROM outbox o
            LEFT JOIN deliveries d ON d.message = o.message AND d.device = o.device
            LEFT JOIN messages m ON m.id = o.message
            LEFT JOIN apps a ON a.id = m.app
            LEFT JOIN devices v ON v.id = o.device
        WHERE o.route = ?1 AND o.app = ?6 AND (o.message, o.device) > (?2, ?3) AND o.not_before <= ?4
        ORDER BY o.message, o.device LIMIT ?5
        """
    static let delete: SQL = "DELETE FROM outbox WHERE route = ? AND app = ? AND message = ? AND device = ?"
    static let bury: SQL = """
        INSERT OR REPLACE INTO dead_tokens (app, route, token, at, reason) VALUES (?, ?, ?, ?, ?)
        """
    static let deactivate: SQL = """
        UPDATE devices SET active = 0 WHERE id = ? AND native_token = ? AND registered_at <= ?
        """
    static let deadTokens: SQL = """
        SELECT token, at, reason, position FROM dead_tokens
        WHERE app = ? AND route = ? AND position > ? ORDER BY position LIMIT ?
        """
    static let putTask: SQL = """
        INSERT OR REPLACE INTO vendor_tasks (message, route, platform, id, app, result, status, response, at, final)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let taskColumns =
        "SELECT message, route, platform, id, app, result, status, response, at, final FROM vendor_tasks"
    static let openTasks: SQL = """
        \(taskColumns)
        WHERE final = 0 AND route = ?1 AND at < ?2 AND (at, message, route, platform, id) > (?3, ?4, ?1, ?5, ?6)
        ORDER BY at, message, route, platform, id LIMIT ?7
        """
    static let tasksOfMessage: SQL = "\(taskColumns) WHERE message = ? ORDER BY route, platform, id"
    static let forget: SQL = "DELETE FROM dead_tokens WHERE app = ? AND route = ? AND position <= ?"
}

extension SQLiteTransaction {
    func putIntoOutbox(
        of route: Route, _ app: AppNumber, _ message: MessageID, _ device: DeviceNumber
    ) throws {
        try database.run(Statements.insert, route.rawValue, app, message, device)
    }

    func putIntoOutbox(of route: Route, _ app: AppNumber, _ device: DeviceNumber) throws -> Bool {
        try database.run(Statements.insertOpen, route.rawValue, app, device) > 0
    }

    func appsInOutbox(of route: Route) throws -> [AppNumber] {
        var apps: [AppNumber] = []
        try database.rows(Statements.apps, route.rawValue) { apps.append(AppNumber($0.int(0))) }
        return apps
    }

    func outbox(
        of route: Route, _ app: AppNumber, after: DeliveryKey, limit: Int, at now: Timestamp
    ) throws -> [OutboxEntry] {
        var entries: [OutboxEntry] = []
        let column = Self.messageColumnCount
        try database.rows(Statements.page, route.rawValue, after.message, after.device, now, limit, app) { row in
            let device = DeviceNumber(row.int(column + 4))
            guard row.optionalInt(column + 2) == 1 else {
                entries.append(.done(DeliveryKey(message: MessageID(row.int(column + 3)), device: device)))
                return
            }
            let platform = Platform(rawValue: row.int(column + 6)) ?? .android
            entries.append(
                .due(
                    VendorDelivery(
                        message: message(row).adapted(to: platform, row.optionalText(column + 7)), device: device,
                        platform: platform, token: row.text(column),
                        registeredAt: row.time(column + 1), attempts: Int(row.int(column + 5)))))
        }
        return entries
    }

    func settle(_ settlement: VendorSettlement) throws -> Bool {
        let (message, device) = (settlement.key.message, settlement.key.device)
        let route = settlement.route.rawValue
        if let time = settlement.notBefore {
            try database.run(
                Statements.putOff, time, settlement.outcome.isAttempt, route, settlement.app, message, device)
        } else {
            try database.run(Statements.delete, route, settlement.app, message, device)
        }
        if let task = settlement.outcome.task { try putTask(task) }
        let changed = try apply(settlement.change)
        if settlement.outcome.isAttempt, try delivery(of: message, to: device) != nil {
            try append(settlement.trailEntry, to: message, device)
        }
        // It may have been registered again while the answer was under way.
        if let died = settlement.tokenDiedAt,
            try database.run(Statements.deactivate, device, settlement.token, died) > 0
        {
            try database.run(
                Statements.bury, settlement.app, route, settlement.token, died, settlement.outcome.code)
        }
        return changed
    }

    func removeFromOutbox(of route: Route, _ app: AppNumber, _ keys: [DeliveryKey]) throws {
        for key in keys { try database.run(Statements.delete, route.rawValue, app, key.message, key.device) }
    }

    func putTask(_ task: VendorTask) throws {
        let status = task.status
        try database.run(
            Statements.putTask, task.message, task.route.rawValue, task.platform.rawValue, task.id, task.app,
            status.result, status.status, status.response, status.at, status.isFinal)
    }

    func openTasks(of route: Route, after: VendorTask?, before time: Timestamp, limit: Int) throws -> [VendorTask] {
        var tasks: [VendorTask] = []
        try database.rows(
            Statements.openTasks, route.rawValue, time, after?.status.at ?? Timestamp(milliseconds: .min),
            after?.message ?? .zero, after?.platform.rawValue ?? 0, after?.id ?? "", limit
        ) { tasks.append(task($0)) }
        return tasks
    }

    func tasks(of message: MessageID) throws -> [VendorTask] {
        var tasks: [VendorTask] = []
        try database.rows(Statements.tasksOfMessage, message) { tasks.append(task($0)) }
        return tasks
    }

    private func task(_ row: SQLiteRow) -> VendorTask {
        VendorTask(
            message: MessageID(row.int(0)), app: AppNumber(row.int(4)), route: Route(rawValue: row.text(1)),
            platform: Platform(rawValue: row.int(2)) ?? .android, id: row.text(3),
            status: VendorTaskStatus(
                result: row.text(5), status: row.text(6), response: row.text(7), at: row.time(8),
                isFinal: row.bool(9)))
    }

    func deadTokens(of app: AppNumber, route: Route, after: Int64, limit: Int) throws -> [DeadToken] {
        var tokens: [DeadToken] = []
        try database.rows(Statements.deadTokens, app, route.rawValue, after, limit) {
            tokens.append(DeadToken(token: $0.text(0), at: $0.time(1), reason: $0.text(2), position: $0.int(3)))
        }
        return tokens
    }

    func removeDeadTokens(of app: AppNumber, route: Route, upTo position: Int64) throws {
        try database.run(Statements.forget, app, route.rawValue, position)
    }
}
