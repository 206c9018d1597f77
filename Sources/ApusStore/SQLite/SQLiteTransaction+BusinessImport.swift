import ApusCore

/// Rows of the seed's own tables, from a dump.
extension SQLiteTransaction {
    func importRow(_ row: ImportedRow, at now: Timestamp) throws -> ImportedRow.Outcome {
        let table = row.table
        if let reason = row.problem { return .refused(reason: reason) }
        guard let id = row["id"].flatMap({ Int64($0) }) else { return .refused(reason: "it has no id") }
        guard let statements = ImportStatements.all[table] else { return .refused(reason: "there is no such table") }
        if let there = try sameRow(statements, id: id, table.key.map { row[$0] }) {
            return there ? .alreadyThere : .refused(reason: "another row has the id \(id)")
        }
        if table == .users, try user(row["user_num"] ?? "") != nil {
            return .refused(reason: "there is a user \(row["user_num"] ?? "") with another id")
        }
        try database.run(
            statements.insert, arguments: table.columns.map { row[$0] }, integers: EmptyCollection<Int64>())
        return .taken
    }

    /// - Returns: whether the row with this id is the same; nil if there is none.
    private func sameRow(_ statements: ImportStatements, id: Int64, _ key: [String?]) throws -> Bool? {
        try database.first(statements.byID, id) { row in
            key.enumerated().allSatisfy { (row.optionalText(Int32($0)) ?? "") == ($1 ?? "") }
        }
    }
}

/// What a table's rows are written and found with. What a row leaves out is as the table has it by default.
private struct ImportStatements {
    let insert: SQL
    let byID: SQL

    static let all = Dictionary(uniqueKeysWithValues: BusinessTable.allCases.map { ($0, ImportStatements($0)) })

    private static let defaults = [
        "email": "''", "mobile": "''", "tel": "''", "active_flag": "1", "last_login_at": "'2016-01-15 06:19:44'",
        "last_login_ip": "''", "last_login_browser": "''", "sign_in_count": "0", "last_login_version": "''",
        "access_token": "''", "push_device_token": "''", "push_platform": "'umeng'", "state": "1",
        "screen_lock_state": "0", "is_send_ios": "1", "is_send_android": "1", "notify_mode": "'sms'",
        "notify_level": "0", "send_state": "0", "created_at": "CURRENT_TIMESTAMP", "updated_at": "CURRENT_TIMESTAMP",
    ]

    private init(_ table: BusinessTable) {
        let values = table.columns.map { name in Self.defaults[name].map { "coalesce(?, \($0))" } ?? "?" }
        insert = SQL(
            stringLiteral: "INSERT INTO \(table.rawValue) (\(table.columns.joined(separator: ", "))) "
                + "VALUES (\(values.joined(separator: ", ")))")
        byID = SQL(
            stringLiteral: "SELECT \(table.key.joined(separator: ", ")) FROM \(table.rawValue) WHERE id = ?")
    }
}
