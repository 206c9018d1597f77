import ApusCore

private enum Statements {
    private static let select = "\(SQLiteTransaction.selectDevice) FROM devices d JOIN apps a ON a.id = d.app"
    private static let matching = """
        d.deleted = 0 AND (?3 IS NULL OR a.public_id = ?3) AND (?4 IS NULL OR d.alias = ?4)
            AND (?5 IS NULL OR EXISTS (SELECT 1 FROM device_tags WHERE app = d.app AND tag = ?5 AND device = d.id))
            AND (?6 IS NULL OR d.platform = ?6) AND (?7 IS NULL OR d.tenant = ?7)
        """
    private static let page = "d.id > ?1 AND \(matching) ORDER BY d.id LIMIT ?2"
    private static let inApp = "d.app = (SELECT id FROM apps WHERE public_id = ?3)"

    // Each goes by the index that leaves least to look at.
    static let every: SQL = "\(select) WHERE \(page)"
    static let ofApp: SQL = "\(select) WHERE \(inApp) AND \(page)"
    static let ofAppWithAlias: SQL = "\(select) WHERE \(inApp) AND d.alias = ?4 AND \(page)"
    static let withAlias: SQL = "\(select) WHERE d.app IN (SELECT id FROM apps) AND d.alias = ?4 AND \(page)"
    static let withTag: SQL = """
        \(SQLiteTransaction.selectDevice)
        FROM device_tags t CROSS JOIN devices d ON d.id = t.device CROSS JOIN apps a ON a.id = d.app
        WHERE t.app IN (SELECT id FROM apps WHERE ?3 IS NULL OR public_id = ?3) AND t.tag = ?5 AND t.device > ?1
            AND \(page)
        """
    /// One statement, however many numbers: with one for each, those of 100,000 devices take ten times as long.
    static let among: SQL = """
        \(SQLiteTransaction.selectDevice)
        FROM json_each(?1) n CROSS JOIN devices d ON d.id = n.value CROSS JOIN apps a ON a.id = d.app
        WHERE \(matching) LIMIT ?2
        """

    static let tags: SQL = """
        SELECT t.tag, sum(d.active) FROM device_tags t CROSS JOIN devices d ON d.id = t.device
        WHERE t.app = ? AND t.tag > ? GROUP BY t.tag ORDER BY t.tag LIMIT ?
        """

    static let forgetTags: SQL = "DELETE FROM device_tags WHERE device = ?"
    static let forgetEndpoints: SQL = "DELETE FROM endpoints WHERE device = ?"
    static let forgetAccount: SQL = "DELETE FROM accounts WHERE device = ?"
    static let forgetCollapseKeys: SQL = "DELETE FROM collapse_keys WHERE device = ?"
    static let forgetDeadToken: SQL = "DELETE FROM dead_tokens WHERE app = ? AND token = ?"
    /// The row stays for the deliveries that name it, under names that nobody can register.
    static let anonymise: SQL = """
        UPDATE devices SET public_id = 'deleted ' || id, native_token = 'deleted ' || id, alias = '', tenant = '',
            mobile = NULL, language = NULL, vendor = NULL, address = NULL, active = 0, deleted = 1
        WHERE id = ?
        """
}

/// Looking for devices, and forgetting them.
extension SQLiteTransaction {
    func devices(_ filter: DeviceFilter, after: DeviceNumber?, limit: Int) throws -> [Device] {
        let sql =
            switch (filter.appID, filter.alias, filter.tag) {
            case (_, nil, _?): Statements.withTag
            case (nil, _?, _): Statements.withAlias
            case (_?, _?, _): Statements.ofAppWithAlias
            case (_?, nil, nil): Statements.ofApp
            case (nil, nil, nil): Statements.every
            }
        return try devices(sql, after ?? DeviceNumber(-1), limit, filter)
    }

    func devices(
        _ filter: DeviceFilter, among numbers: some Sequence<DeviceNumber>, limit: Int
    ) throws -> [Device] {
        let list = numbers.map { String($0.rawValue) }.joined(separator: ",")
        return try devices(Statements.among, "[\(list)]", limit, filter)
    }

    private func devices(
        _ sql: SQL, _ numbers: some SQLiteBindable, _ limit: Int, _ filter: DeviceFilter
    ) throws -> [Device] {
        var devices: [Device] = []
        try database.rows(
            sql, numbers, limit, filter.appID, filter.alias, filter.tag, filter.platform?.rawValue, filter.tenant
        ) { devices.append(device($0)) }
        for index in devices.indices { devices[index].tags = try tags(of: devices[index].number) }
        return devices
    }

    func tags(of app: AppNumber, after: String?, limit: Int) throws -> [TagCount] {
        var tags: [TagCount] = []
        try database.rows(Statements.tags, app, after ?? "", limit) {
            tags.append(TagCount(tag: $0.text(0), devices: Int($0.int(1))))
        }
        return tags
    }

    func removeDevice(id: String, at now: Timestamp) throws -> Device? {
        guard let device = try device(id: id) else { return nil }
        try end(.ofDevice(device.number), .failed("device.deleted"), at: now)
        let forgetting = [
            Statements.forgetTags, Statements.forgetEndpoints, Statements.forgetAccount, Statements.forgetCollapseKeys,
            Statements.anonymise,
        ]
        for statement in forgetting { try database.run(statement, device.number) }
        try database.run(Statements.forgetDeadToken, device.app, device.nativeToken)
        return device
    }
}
