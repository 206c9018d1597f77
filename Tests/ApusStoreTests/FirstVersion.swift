import GRDB

/// A database as the first version of the schema left it. That was released, so it never changes.
enum FirstVersion {
    /// Makes one with two admin tokens, a device that has a tag, and a message that it has not got yet.
    static func make(in directory: String) throws {
        let queue = try DatabaseQueue(path: directory + "/apus.db")
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 foundation") { try $0.execute(sql: schema) }
        try migrator.migrate(queue)
        try queue.write { try $0.execute(sql: content) }
        try queue.close()
    }

    private static let schema = """
        CREATE TABLE apps (
            id INTEGER PRIMARY KEY,
            public_id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            key_hash BLOB NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE admin_tokens (
            hash BLOB PRIMARY KEY,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE devices (
            id INTEGER PRIMARY KEY,
            public_id TEXT NOT NULL UNIQUE,
            app INTEGER NOT NULL REFERENCES apps(id),
            tenant TEXT NOT NULL,
            alias TEXT NOT NULL,
            platform INTEGER NOT NULL,
            native_token TEXT NOT NULL,
            mobile TEXT,
            active INTEGER NOT NULL,
            registered_at INTEGER NOT NULL,
            UNIQUE (app, tenant, native_token)
        ) STRICT;
        CREATE INDEX devices_by_alias ON devices(app, alias) WHERE active = 1;

        CREATE TABLE device_tags (
            app INTEGER NOT NULL,
            tag TEXT NOT NULL,
            device INTEGER NOT NULL REFERENCES devices(id),
            PRIMARY KEY (app, tag, device)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX device_tags_by_device ON device_tags(device);

        CREATE TABLE messages (
            id INTEGER PRIMARY KEY,
            app INTEGER NOT NULL REFERENCES apps(id),
            tenant TEXT NOT NULL,
            kind INTEGER NOT NULL,
            alert TEXT NOT NULL,
            extra TEXT,
            sound TEXT,
            badge INTEGER,
            listen_flag TEXT,
            sender TEXT,
            sender_device TEXT,
            sms_message TEXT,
            needs_confirmation INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            audience_kind TEXT NOT NULL,
            audience TEXT NOT NULL,
            platform INTEGER,
            swept INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX messages_by_expiry ON messages(expires_at) WHERE swept = 0;
        CREATE INDEX messages_swept ON messages(id) WHERE swept = 1;

        CREATE TABLE deliveries (
            message INTEGER NOT NULL,
            device INTEGER NOT NULL,
            rule INTEGER NOT NULL,
            needs_confirmation INTEGER NOT NULL,
            open INTEGER NOT NULL,
            state INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            route TEXT,
            sent_at INTEGER,
            received_at INTEGER,
            read_at INTEGER,
            end TEXT,
            reason TEXT,
            ended_at INTEGER,
            PRIMARY KEY (message, device)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX deliveries_open ON deliveries(device, message) WHERE open = 1;

        CREATE TABLE trail (
            message INTEGER NOT NULL,
            device INTEGER NOT NULL,
            position INTEGER NOT NULL,
            at INTEGER NOT NULL,
            code TEXT NOT NULL,
            route TEXT NOT NULL,
            detail TEXT,
            PRIMARY KEY (message, device, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE idempotency (
            app INTEGER NOT NULL,
            tenant TEXT NOT NULL,
            key TEXT NOT NULL,
            message INTEGER NOT NULL,
            PRIMARY KEY (app, tenant, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX idempotency_by_message ON idempotency(message);
        """

    private static let content = """
        INSERT INTO apps VALUES (1, 'shop', 'Shop', x'00', 1000);
        INSERT INTO admin_tokens VALUES (x'02', 2000), (x'01', 1000);
        INSERT INTO devices VALUES (1, '0123', 1, '', 'ann', 1, 'token', NULL, 1, 1000);
        INSERT INTO device_tags VALUES (1, 'vip', 1);
        INSERT INTO messages VALUES
            (5, 1, '', 0, 'hello', '{}', NULL, NULL, NULL, NULL, NULL, NULL, 0, 9000000000000, 'ALIAS', '["ann"]', NULL, 0);
        INSERT INTO deliveries (message, device, rule, needs_confirmation, open, state, attempts)
            VALUES (5, 1, 0, 0, 1, 0, 0);
        """
}
