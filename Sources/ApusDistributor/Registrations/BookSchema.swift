import GRDB

/// The tables. A migration that has been released is never changed.
enum BookSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 foundation") { try $0.execute(sql: foundation) }
        return migrator
    }

    /// Times are milliseconds since the Unix epoch.
    private static let foundation = """
        CREATE TABLE settings (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE registrations (
            app_token TEXT PRIMARY KEY,
            app_id TEXT NOT NULL,
            public_token TEXT NOT NULL UNIQUE,
            application TEXT NOT NULL,
            instance TEXT NOT NULL UNIQUE,
            dialect INTEGER NOT NULL,
            description TEXT NOT NULL,
            vapid_key TEXT,
            created_at INTEGER NOT NULL,
            endpoint TEXT,
            gateway TEXT,
            gateway_dialect TEXT,
            address TEXT,
            registered_at INTEGER,
            expires_at INTEGER
        ) STRICT;

        CREATE TABLE pushes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            app_token TEXT NOT NULL REFERENCES registrations(app_token) ON DELETE CASCADE,
            payload BLOB NOT NULL,
            arrived_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX pushes_by_registration ON pushes(app_token, id);
        CREATE INDEX pushes_by_arrival ON pushes(arrived_at);

        CREATE TABLE departures (
            public_token TEXT PRIMARY KEY,
            application TEXT NOT NULL,
            instance TEXT NOT NULL,
            gateway TEXT NOT NULL,
            gateway_dialect TEXT NOT NULL,
            departed_at INTEGER NOT NULL
        ) STRICT;
        """
}
