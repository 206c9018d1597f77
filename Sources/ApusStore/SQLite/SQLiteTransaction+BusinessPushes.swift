import ApusCore

private enum Statements {
    static let ofMessage: SQL = "SELECT push FROM business_pushes WHERE message = ?"
    static let tokens: SQL = """
        SELECT v.platform, count(*),
            group_concat(coalesce(
                nullif(b.push_token, ''), CASE WHEN v.vendor IS NOT 'none' THEN coalesce(v.address, v.native_token) END))
        FROM deliveries d JOIN devices v ON v.id = d.device LEFT JOIN business_devices b ON b.device = v.id
        WHERE d.message = ? AND v.platform IN (1, 2)
        GROUP BY v.platform
        """
    static let insert: SQL = """
        INSERT INTO sys_push_messages
            (title, content, extra_params_string, push_type, ios_device_tokens, android_device_tokens,
            is_send_ios, is_send_android, ios_status, android_status, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)
        """
    static let link: SQL = "INSERT INTO business_pushes (message, push, open) VALUES (?, ?, 1)"
    static let select: SQL = """
        SELECT p.id, b.message, p.title, p.content, p.extra_params_string,
            p.ios_device_tokens, p.ios_task_id, p.ios_ret, p.ios_status, p.ios_response, p.ios_timestamp,
            p.android_device_tokens, p.android_task_id, p.android_ret, p.android_status, p.android_response,
            p.android_timestamp
        FROM sys_push_messages p LEFT JOIN business_pushes b ON b.push = p.id
        WHERE p.id = ?
        """
    static let open: SQL = """
        SELECT message, push, EXISTS (SELECT 1 FROM messages m WHERE m.id = b.message),
            EXISTS (SELECT 1 FROM vendor_tasks t WHERE t.message = b.message AND t.final = 0)
        FROM business_pushes b WHERE open = 1 AND message < ? ORDER BY message DESC LIMIT ?
        """
    static let states: SQL = """
        SELECT v.platform, d.state, d.end, count(*), max(d.open)
        FROM deliveries d JOIN devices v ON v.id = d.device
        WHERE d.message = ? GROUP BY v.platform, d.state, d.end
        """
    static let setIOS: SQL = """
        UPDATE sys_push_messages SET ios_ret = ?1, ios_status = ?2, ios_timestamp = ?3, updated_at = ?3
        WHERE id = ?4 AND ios_task_id IS NULL AND ios_status IS NOT ?2
        """
    static let setAndroid: SQL = """
        UPDATE sys_push_messages SET android_ret = ?1, android_status = ?2, android_timestamp = ?3, updated_at = ?3
        WHERE id = ?4 AND android_task_id IS NULL AND android_status IS NOT ?2
        """
    static let close: SQL = "UPDATE business_pushes SET open = 0 WHERE message = ?"
}

/// `sys_push_messages`: what was pushed, and how it stands.
extension SQLiteTransaction {
    func insertPush(_ push: BusinessPush, at now: Timestamp) throws -> Int64 {
        guard let message = push.message else {
            throw ApusError(.internal, code: "internal", "A push without a message cannot be stored.")
        }
        if let id = try database.first(Statements.ofMessage, message, value: { $0.int(0) }) { return id }
        var tokens: [Int64: String] = [:]
        var count: Int64 = 0
        try database.rows(Statements.tokens, message) { row in
            tokens[row.int(0)] = row.text(2)
            count += row.int(1)
        }
        let (ios, android) = (tokens[Platform.ios.rawValue], tokens[Platform.android.rawValue])
        let standings = try standings(of: message)
        try database.run(
            Statements.insert, push.title, push.content, push.extra, count > 1 ? "listcast" : "unicast", ios ?? "",
            android ?? "", ios != nil, android != nil, (standings[.ios] ?? PushStanding()).text,
            (standings[.android] ?? PushStanding()).text, now.sqlText)
        let id = database.lastInsertedRow
        try database.run(Statements.link, message, id)
        return id
    }

    func businessPush(_ id: Int64) throws -> BusinessPush? {
        let push = try database.first(Statements.select, id) { row in
            BusinessPush(
                id: row.int(0), message: row.optionalInt(1).map { MessageID($0) }, title: row.text(2),
                content: row.text(3), extra: row.optionalText(4), ios: platform(row, 5), android: platform(row, 11))
        }
        guard var push, let message = push.message, try self.message(message) != nil else { return push }
        // The columns are as old as the last scan.
        let standings = try standings(of: message)
        for (platform, member) in [(Platform.ios, \BusinessPush.ios), (.android, \.android)]
        where push[keyPath: member].taskID == nil {
            push[keyPath: member].status = (standings[platform] ?? PushStanding()).text
            push[keyPath: member].result = (standings[platform] ?? PushStanding()).result
        }
        return push
    }

    private func platform(_ row: SQLiteRow, _ column: Int32) -> PlatformPush {
        var push = PlatformPush()
        push.tokens = row.text(column)
        push.taskID = row.optionalText(column + 1)
        push.result = row.optionalText(column + 2)
        push.status = row.optionalText(column + 3)
        push.response = row.optionalText(column + 4)
        push.timestamp = row.optionalText(column + 5)
        return push
    }

    private func standings(of message: MessageID) throws -> [Platform: PushStanding] {
        var standings: [Platform: PushStanding] = [:]
        try database.rows(Statements.states, message) { row in
            guard let platform = Platform(rawValue: row.int(0)) else { return }
            standings[platform, default: PushStanding()].add(
                DeliveryState(rawValue: row.int(1)) ?? .unsent, end(row.optionalText(2), reason: nil),
                times: Int(row.int(3)), isOpen: row.bool(4))
        }
        return standings
    }

    func openPushes(before: MessageID?, limit: Int) throws -> [OpenPush] {
        var pushes: [OpenPush] = []
        try database.rows(Statements.open, before ?? MessageID(.max), limit) { row in
            let message = MessageID(row.int(0))
            pushes.append(
                OpenPush(
                    message: message, push: row.int(1), standings: row.bool(2) ? try standings(of: message) : nil,
                    hasOpenTasks: row.bool(3)))
        }
        return pushes
    }

    func refresh(_ pushes: [OpenPush], at now: Timestamp) throws {
        for push in pushes {
            if let standings = push.standings {
                let (ios, android) = (standings[.ios] ?? PushStanding(), standings[.android] ?? PushStanding())
                try database.run(Statements.setIOS, ios.result, ios.text, now.sqlText, push.push)
                try database.run(Statements.setAndroid, android.result, android.text, now.sqlText, push.push)
            }
            if push.isOver { try database.run(Statements.close, push.message) }
        }
    }
}
