import ApusCore

private enum Statements {
    static let all: SQL = """
        SELECT c.app, a.public_id, c.provider, c.name, c.settings, c.secret, c.created_at
        FROM credentials c JOIN apps a ON a.id = c.app ORDER BY c.id
        """
    static let put: SQL = """
        INSERT INTO credentials (app, provider, name, settings, secret, created_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (app, provider, name) DO UPDATE SET
            settings = excluded.settings, secret = excluded.secret, created_at = excluded.created_at
        """
    static let delete: SQL = """
        DELETE FROM credentials
        WHERE name = ? AND provider = ? AND app = (SELECT id FROM apps WHERE public_id = ?)
        """
}

extension SQLiteTransaction {
    func credentials() throws -> [Credential] {
        var credentials: [Credential] = []
        try database.rows(Statements.all) { row in
            credentials.append(
                Credential(
                    app: AppNumber(row.int(0)), appID: row.text(1), route: Route(rawValue: row.text(2)),
                    name: row.text(3), settings: row.text(4), secret: row.blob(5), createdAt: row.time(6)))
        }
        return credentials
    }

    func putCredential(_ credential: Credential) throws {
        try database.run(
            Statements.put, credential.app, credential.route.rawValue, credential.name, credential.settings,
            credential.secret, credential.createdAt)
    }

    func removeCredential(_ name: String, of route: Route, appID: String) throws -> Bool {
        try database.run(Statements.delete, name, route.rawValue, appID) == 1
    }
}
