import ApusCore

private enum Statements {
    static let select = """
        SELECT c.name, c.credentials, d.id, d.public_id, d.alias, d.active, d.app, a.public_id, c.created_at,
            d.platform, d.language
        FROM accounts c JOIN devices d ON d.id = c.device JOIN apps a ON a.id = d.app
        """
    static let byName: SQL = "\(select) WHERE c.name = ?"
    static let list: SQL = """
        \(select) WHERE (?1 IS NULL OR a.public_id = ?1) AND c.name > ?2 ORDER BY c.name LIMIT ?3
        """
    static let insert: SQL = "INSERT INTO accounts (name, device, credentials, created_at) VALUES (?, ?, ?, ?)"
    static let update: SQL = "UPDATE accounts SET credentials = ? WHERE name = ?"
    static let delete: SQL = "DELETE FROM accounts WHERE name = ?"
}

extension SQLiteTransaction {
    private func account(_ row: SQLiteRow) -> Account {
        Account(
            name: row.text(0), credentials: row.blob(1), device: DeviceNumber(row.int(2)), deviceID: row.text(3),
            alias: row.text(4), platform: Platform(rawValue: row.int(9)) ?? .android, language: row.optionalText(10),
            isActive: row.bool(5), app: AppNumber(row.int(6)), appID: row.text(7),
            createdAt: row.time(8))
    }

    func account(named name: String) throws -> Account? {
        try database.first(Statements.byName, name, value: account)
    }

    func accounts(appID: String?, after: String?, limit: Int) throws -> [Account] {
        var accounts: [Account] = []
        try database.rows(Statements.list, appID, after ?? "", limit) { accounts.append(account($0)) }
        return accounts
    }

    func insertAccount(
        named name: String, credentials: [UInt8], registration: DeviceRegistration, deviceID: String, at now: Timestamp
    ) throws -> Account? {
        guard try account(named: name) == nil else { return nil }
        let device = try register(registration, newID: deviceID, at: now)
        try database.run(Statements.insert, name, device.number, credentials, now)
        return try account(named: name)
    }

    func replaceCredentials(ofAccount name: String, with credentials: [UInt8]) throws -> Bool {
        try database.run(Statements.update, credentials, name) == 1
    }

    func removeAccount(named name: String) throws -> Account? {
        guard let account = try account(named: name) else { return nil }
        try database.run(Statements.delete, name)
        _ = try deactivate(deviceID: account.deviceID, at: account.createdAt)
        return account
    }
}
