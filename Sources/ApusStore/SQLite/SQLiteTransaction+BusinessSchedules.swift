import ApusCore

private enum Statements {
    static let select = """
        SELECT s.id, s.app, a.public_id, s.title, s.content, s.extra, s.mode, s.level, s.receivers, s.next_at, s.cron,
            s.time_zone, s.state, s.created_at, s.last_row
        FROM schedules s JOIN apps a ON a.id = s.app
        """
    static let byID: SQL = "\(select) WHERE s.id = ?"
    static let list: SQL = "\(select) WHERE s.id < ?1 AND (?2 IS NULL OR s.app = ?2) ORDER BY s.id DESC LIMIT ?3"
    static let due: SQL = """
        \(select) WHERE s.state = 'waiting' AND s.next_at <= ? ORDER BY s.next_at, s.id LIMIT ?
        """
    static let insert: SQL = """
        INSERT INTO schedules
            (app, title, content, extra, mode, level, receivers, next_at, cron, time_zone, state, created_at, last_row)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let update: SQL = "UPDATE schedules SET next_at = ?, state = ?, last_row = ? WHERE id = ?"
    static let removeOld: SQL = """
        DELETE FROM schedules WHERE id IN (
            SELECT id FROM schedules WHERE state <> 'waiting' AND created_at < ? LIMIT ?)
        """
}

/// Notifications at chosen times.
extension SQLiteTransaction {
    private func schedule(_ row: SQLiteRow) -> Schedule {
        Schedule(
            id: row.int(0),
            row: CentreRow(
                title: row.text(3), content: row.text(4), extra: row.optionalText(5), mode: row.text(6),
                level: row.int(7), receivers: row.text(8), app: AppNumber(row.int(1))),
            appID: row.text(2), next: row.optionalTime(9), cron: row.optionalText(10), timeZone: row.text(11),
            state: Schedule.State(rawValue: row.text(12)) ?? .done, createdAt: row.time(13),
            lastRow: row.optionalInt(14))
    }

    func schedule(_ id: Int64) throws -> Schedule? {
        try database.first(Statements.byID, id, value: schedule)
    }

    func schedules(of app: AppNumber?, before: Int64?, limit: Int) throws -> [Schedule] {
        var schedules: [Schedule] = []
        try database.rows(Statements.list, before ?? .max, app, limit) { schedules.append(schedule($0)) }
        return schedules
    }

    func dueSchedules(at now: Timestamp, limit: Int) throws -> [Schedule] {
        var schedules: [Schedule] = []
        try database.rows(Statements.due, now, limit) { schedules.append(schedule($0)) }
        return schedules
    }

    func insertSchedule(_ schedule: Schedule) throws -> Int64 {
        guard let app = schedule.row.app else {
            throw ApusError(.internal, code: "internal", "A schedule without an app cannot be stored.")
        }
        let row = schedule.row
        try database.run(
            Statements.insert, app, row.title, row.content, row.extra, row.mode, row.level, row.receivers,
            schedule.next, schedule.cron, schedule.timeZone, schedule.state.rawValue, schedule.createdAt,
            schedule.lastRow)
        return database.lastInsertedRow
    }

    func update(_ schedule: Schedule) throws {
        try database.run(
            Statements.update, schedule.next, schedule.state.rawValue, schedule.lastRow, schedule.id)
    }

    func removeOldSchedules(before time: Timestamp, limit: Int) throws {
        try database.run(Statements.removeOld, time, limit)
    }
}
