import ApusCore

private enum Statements {
    static let select = """
        SELECT c.id, c.title, c.content, c.extra_params_string, c.notify_mode, c.notify_level, c.receivers,
            c.send_state, c.send_result, c.remark, o.app
        FROM sys_message_center c LEFT JOIN centre_origins o ON o.row = c.id
        """
    static let byID: SQL = "\(select) WHERE c.id = ?"
    static let waiting: SQL = "\(select) WHERE c.send_state = 0 ORDER BY c.notify_level DESC, c.id LIMIT ?"
    static let insert: SQL = """
        INSERT INTO sys_message_center
            (title, content, extra_params_string, notify_mode, notify_level, receivers, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
        """
    static let insertOrigin: SQL = "INSERT INTO centre_origins (row, app) VALUES (?, ?)"
    static let setState: SQL = """
        UPDATE sys_message_center SET send_state = ?, send_result = ?, remark = ?, updated_at = ? WHERE id = ?
        """
    static let next: SQL = """
        SELECT min(at) FROM (
            SELECT min(next_at) AS at FROM schedules WHERE state = 'waiting'
            UNION ALL SELECT min(not_before) FROM notices WHERE state = 0)
        """
    static let insertLetter: SQL = """
        INSERT INTO dead_letters (row, mode, title, user_num, reason, attempts, at, webhook, post, body)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let letterColumns = """
        SELECT id, row, mode, title, user_num, reason, attempts, at, webhook, post, body FROM dead_letters
        """
    static let letters: SQL = "\(letterColumns) WHERE id < ? ORDER BY id DESC LIMIT ?"
    static let letter: SQL = "\(letterColumns) WHERE id = ?"
    static let removeLetter: SQL = "DELETE FROM dead_letters WHERE id = ?"
    static let removeLetters: SQL = "DELETE FROM dead_letters WHERE row = ?"
}

/// The message centre: `sys_message_center`, and what could not be delivered.
extension SQLiteTransaction {
    private func centreRow(_ row: SQLiteRow) -> CentreRow {
        CentreRow(
            id: row.int(0), title: row.text(1), content: row.text(2), extra: row.optionalText(3),
            mode: row.optionalText(4) ?? NotificationMode.sms.rawValue, level: row.int(5), receivers: row.text(6),
            state: CentreRow.State(rawValue: row.int(7)) ?? .done, result: row.optionalText(8),
            remark: row.optionalText(9), app: row.optionalInt(10).map { AppNumber($0) })
    }

    func centreRow(_ id: Int64) throws -> CentreRow? {
        try database.first(Statements.byID, id, value: centreRow)
    }

    func waitingRows(limit: Int) throws -> [CentreRow] {
        var rows: [CentreRow] = []
        try database.rows(Statements.waiting, limit) { rows.append(centreRow($0)) }
        return rows
    }

    func insertRow(_ row: CentreRow, at now: Timestamp) throws -> Int64 {
        try database.run(
            Statements.insert, row.title, row.content, row.extra, row.mode, row.level, row.receivers, now.sqlText)
        let id = database.lastInsertedRow
        if let app = row.app { try database.run(Statements.insertOrigin, id, app) }
        return id
    }

    func setState(of row: CentreRow, at now: Timestamp) throws {
        try database.run(Statements.setState, row.state.rawValue, row.result, row.remark, now.sqlText, row.id)
    }

    func nextCentreTime() throws -> Timestamp? {
        try database.first(Statements.next) { $0.optionalTime(0) } ?? nil
    }

    // MARK: Dead letters

    private func letter(_ row: SQLiteRow) -> DeadLetter {
        DeadLetter(
            id: row.int(0), row: row.int(1), mode: row.text(2), title: row.text(3), userNumber: row.optionalText(4),
            reason: row.text(5), attempts: row.int(6), at: row.time(7),
            post: row.optionalText(8).map { DeadLetter.Post(webhook: $0, id: row.text(9), body: row.text(10)) })
    }

    func insert(_ letter: DeadLetter) throws {
        try database.run(
            Statements.insertLetter, letter.row, letter.mode, letter.title, letter.userNumber, letter.reason,
            letter.attempts, letter.at, letter.post?.webhook, letter.post?.id, letter.post?.body)
    }

    func deadLetters(before: Int64?, limit: Int) throws -> [DeadLetter] {
        var letters: [DeadLetter] = []
        try database.rows(Statements.letters, before ?? .max, limit) { letters.append(letter($0)) }
        return letters
    }

    func deadLetter(_ id: Int64) throws -> DeadLetter? {
        try database.first(Statements.letter, id, value: letter)
    }

    func removeDeadLetters(of row: Int64) throws {
        try database.run(Statements.removeLetters, row)
    }

    func removeDeadLetter(_ id: Int64) throws -> DeadLetter? {
        guard let letter = try deadLetter(id) else { return nil }
        try database.run(Statements.removeLetter, id)
        return letter
    }
}
