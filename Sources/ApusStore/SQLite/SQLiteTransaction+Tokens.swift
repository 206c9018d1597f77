import ApusCore

private enum Statements {
    static let all: SQL = "SELECT name, role, app, hash, created_at, expires_at, used_at FROM tokens ORDER BY name"
    static let insert: SQL = """
        INSERT OR IGNORE INTO tokens (name, role, app, hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)
        """
    static let remove: SQL = "DELETE FROM tokens WHERE hash = ?"
    static let keyCheck: SQL = "SELECT value FROM key_check"
    static let setKeyCheck: SQL = "INSERT OR REPLACE INTO key_check (only, value) VALUES (1, ?)"
    static let noteUse: SQL = "UPDATE tokens SET used_at = ? WHERE hash = ?"
}

extension SQLiteTransaction {
    func adminTokens() throws -> [AdminToken] {
        var tokens: [AdminToken] = []
        try database.rows(Statements.all) { row in
            tokens.append(
                AdminToken(
                    name: row.text(0), role: Role(rawValue: row.text(1)) ?? .viewer, appID: row.optionalText(2),
                    hash: SecretHash(bytes: row.blob(3)), createdAt: row.time(4), expiresAt: row.optionalTime(5),
                    usedAt: row.optionalTime(6)))
        }
        return tokens
    }

    func insertAdminToken(_ token: AdminToken) throws -> Bool {
        try database.run(
            Statements.insert, token.name, token.role.rawValue, token.appID, token.hash.bytes, token.createdAt,
            token.expiresAt) == 1
    }

    func removeAdminToken(_ hash: SecretHash) throws {
        try database.run(Statements.remove, hash.bytes)
    }

    func keyCheck() throws -> [UInt8]? {
        try database.first(Statements.keyCheck) { $0.blob(0) }
    }

    func setKeyCheck(_ value: [UInt8]) throws {
        try database.run(Statements.setKeyCheck, value)
    }

    func noteUse(ofAdminToken hash: SecretHash, at time: Timestamp) throws {
        try database.run(Statements.noteUse, time, hash.bytes)
    }
}
