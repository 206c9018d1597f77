import ApusCore

private enum Statements {
    static let columns = """
        row, user_num, mode, address, title, text, app, level, state, attempts, not_before, may_be_repeated,
        extra, reason
        """
    static let counts: SQL = "SELECT state, count(*) FROM notices WHERE row = ? GROUP BY state"
    static let insert: SQL = """
        INSERT INTO notices (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (row, user_num) DO UPDATE SET mode = excluded.mode, address = excluded.address,
            title = excluded.title, text = excluded.text, extra = excluded.extra, app = excluded.app, level = excluded.level,
            state = excluded.state, attempts = excluded.attempts, not_before = excluded.not_before,
            reason = excluded.reason
        WHERE state = 3
        """
    static let nextApp: SQL = "SELECT min(app) FROM notices WHERE mode = ? AND state = 0 AND app > ?"
    static let due: SQL = """
        SELECT \(columns) FROM notices WHERE mode = ? AND app = ? AND state = 0 AND not_before <= ?
        ORDER BY level DESC, row, user_num LIMIT ?
        """
    static let one: SQL = "SELECT \(columns) FROM notices WHERE row = ? AND user_num = ?"
    static let claim: SQL = "UPDATE notices SET state = 1, attempts = attempts + 1 WHERE row = ? AND user_num = ?"
    static let update: SQL = """
        UPDATE notices SET state = ?, attempts = ?, not_before = ?, may_be_repeated = ?, reason = ?
        WHERE row = ? AND user_num = ?
        """
    static let ofRow: SQL = "SELECT \(columns) FROM notices WHERE row = ? ORDER BY user_num LIMIT ?"
    /// What an escalation needs no more is not repeated.
    static let drop: SQL = """
        UPDATE notices SET state = 4, may_be_repeated = 1
        WHERE state = 1 AND row < 0 AND EXISTS (
            SELECT 1 FROM escalation_steps s JOIN escalations e ON e.message = s.message
            WHERE s.id = -notices.row AND e.end IS NOT NULL AND e.end <> 'done')
        """
    static let release: SQL = "UPDATE notices SET state = 0, may_be_repeated = 1 WHERE state = 1"
}

/// SMS and e-mail on their way to a sender.
extension SQLiteTransaction {
    private func notice(_ row: SQLiteRow) -> Notice {
        Notice(
            row: row.int(0), userNumber: row.text(1), mode: NotificationMode(rawValue: row.text(2)) ?? .sms,
            address: row.text(3), title: row.text(4), text: row.text(5), extra: row.optionalText(12),
            app: AppNumber(row.int(6)),
            level: row.int(7), state: Notice.State(rawValue: row.int(8)) ?? .failed, attempts: row.int(9),
            notBefore: row.time(10), mayBeRepeated: row.bool(11), reason: row.optionalText(13))
    }

    func notices(of row: Int64) throws -> NoticeCounts {
        var counts = NoticeCounts()
        try database.rows(Statements.counts, row) { row in
            switch Notice.State(rawValue: row.int(0)) {
            case .sent: counts.sent = Int(row.int(1))
            case .failed: counts.failed = Int(row.int(1))
            case .cancelled: break
            default: counts.open += Int(row.int(1))
            }
        }
        return counts
    }

    func insert(_ notices: [Notice]) throws {
        for notice in notices {
            try database.run(
                Statements.insert, notice.row, notice.userNumber, notice.mode.rawValue, notice.address, notice.title,
                notice.text, notice.app, notice.level, notice.state.rawValue, notice.attempts, notice.notBefore,
                notice.mayBeRepeated, notice.extra, notice.reason)
        }
    }

    func claimNotices(
        _ mode: NotificationMode, at now: Timestamp, limit: Int, share: (AppNumber) -> Int
    ) throws -> [Notice] {
        var notices = try dueNotices(mode, at: now) { min(limit, share($0)) }
        notices.sort(by: Notice.isMoreUrgent)
        notices = Array(notices.prefix(limit))
        for index in notices.indices {
            try database.run(Statements.claim, notices[index].row, notices[index].userNumber)
            notices[index].state = .sending
            notices[index].attempts += 1
        }
        return notices
    }

    /// - Parameter limit: of each app.
    private func dueNotices(
        _ mode: NotificationMode, at now: Timestamp, limit: (AppNumber) -> Int
    ) throws -> [Notice] {
        var notices: [Notice] = []
        var app = AppNumber(0)
        while let next = try database.first(Statements.nextApp, mode.rawValue, app, value: { $0.optionalInt(0) }) ?? nil
        {
            app = AppNumber(next)
            try database.rows(Statements.due, mode.rawValue, app, now, max(limit(app), 0)) {
                notices.append(notice($0))
            }
        }
        return notices
    }

    func notice(of row: Int64, user number: String) throws -> Notice? {
        try database.first(Statements.one, row, number, value: notice)
    }

    func update(_ notice: Notice) throws {
        try database.run(
            Statements.update, notice.state.rawValue, notice.attempts, notice.notBefore, notice.mayBeRepeated,
            notice.reason, notice.row, notice.userNumber)
    }

    func releaseInterruptedNotices() throws -> Int {
        let dropped = try database.run(Statements.drop)
        return try dropped + database.run(Statements.release)
    }

    func notices(of row: Int64, limit: Int) throws -> [Notice] {
        var notices: [Notice] = []
        try database.rows(Statements.ofRow, row, limit) { notices.append(notice($0)) }
        return notices
    }
}
