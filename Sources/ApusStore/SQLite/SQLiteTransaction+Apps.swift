import ApusCore

private enum Statements {
    static let columns = "id, public_id, name, created_at, key_hash, old_key_hash, old_key_until"
    static let all: SQL = "SELECT \(columns) FROM apps ORDER BY id"
    static let insert: SQL = """
        INSERT INTO apps (public_id, name, created_at, key_hash) VALUES (?, ?, ?, ?)
        ON CONFLICT DO NOTHING RETURNING \(columns)
        """
    static let replaceKey: SQL = """
        UPDATE apps SET key_hash = ?1, old_key_hash = iif(?2 IS NULL, NULL, key_hash), old_key_until = ?2
        WHERE public_id = ?3 RETURNING \(columns)
        """
}

extension SQLiteTransaction {
    private func app(_ row: SQLiteRow) -> App {
        App(
            number: AppNumber(row.int(0)), id: row.text(1), name: row.text(2), createdAt: row.time(3),
            keyHash: SecretHash(bytes: row.blob(4)),
            oldKey: row.optionalTime(6).map { App.OldKey(hash: SecretHash(bytes: row.blob(5)), until: $0) })
    }

    func apps() throws -> [App] {
        var apps: [App] = []
        try database.rows(Statements.all) { apps.append(app($0)) }
        return apps
    }

    func insertApp(id: String, name: String, keyHash: SecretHash, at now: Timestamp) throws -> App? {
        try database.first(Statements.insert, id, name, now, keyHash.bytes, value: app)
    }

    func replaceKey(
        ofApp id: String, with keyHash: SecretHash, keepingOldUntil until: Timestamp?
    ) throws -> App? {
        try database.first(Statements.replaceKey, keyHash.bytes, until, id, value: app)
    }
}
