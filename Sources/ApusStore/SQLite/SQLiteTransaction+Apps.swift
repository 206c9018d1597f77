import ApusCore

private enum Statements {
    static let columns = "id, public_id, name, created_at, key_hash"
    static let all: SQL = "SELECT \(columns) FROM apps ORDER BY id"
    static let insert: SQL = """
        INSERT INTO apps (public_id, name, created_at, key_hash) VALUES (?, ?, ?, ?)
        ON CONFLICT DO NOTHING RETURNING \(columns)
        """
    static let replaceKey: SQL = "UPDATE apps SET key_hash = ? WHERE public_id = ? RETURNING \(columns)"
}

extension SQLiteTransaction {
    private func app(_ row: SQLiteRow) -> App {
        App(
            number: AppNumber(row.int(0)), id: row.text(1), name: row.text(2), createdAt: row.time(3),
            keyHash: SecretHash(bytes: row.blob(4)))
    }

    func apps() throws -> [App] {
        var apps: [App] = []
        try database.rows(Statements.all) { apps.append(app($0)) }
        return apps
    }

    func insertApp(id: String, name: String, keyHash: SecretHash, at now: Timestamp) throws -> App? {
        try database.first(Statements.insert, id, name, now, keyHash.bytes, value: app)
    }

    func replaceKey(ofApp id: String, with keyHash: SecretHash) throws -> App? {
        try database.first(Statements.replaceKey, keyHash.bytes, id, value: app)
    }
}
