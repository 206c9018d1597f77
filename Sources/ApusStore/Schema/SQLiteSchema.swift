import GRDB

/// The tables, and how a database of an earlier version becomes one of this version.
///
/// A migration that has been released is never changed: a later one is added behind it.
enum SQLiteSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 foundation") { try $0.execute(sql: foundation) }
        migrator.registerMigration("2 accounts") { try $0.execute(sql: accounts) }
        migrator.registerMigration("3 vendors") { try $0.execute(sql: vendors) }
        migrator.registerMigration("4 endpoints") { try $0.execute(sql: endpoints) }
        migrator.registerMigration("5 business") { try $0.execute(sql: business) }
        migrator.registerMigration("6 escalations") { try $0.execute(sql: escalations) }
        migrator.registerMigration("7 native sends") { try $0.execute(sql: nativeSends) }
        migrator.registerMigration("8 events") { try $0.execute(sql: events) }
        migrator.registerMigration("9 tokens and audit") { try $0.execute(sql: access) }
        migrator.registerMigration("10 retention") { try $0.execute(sql: retention) }
        migrator.registerMigration("11 counts") { try $0.execute(sql: counts) }
        migrator.registerMigration("12 kept from") { try $0.execute(sql: keptFrom) }
        migrator.registerMigration("13 notices of apps") { try $0.execute(sql: noticesOfApps) }
        return migrator
    }

    /// Times are milliseconds since the Unix epoch. `deliveries` is keyed by message and device; what is still open of
    /// a device is found by a partial index, which stays as small as what is pending.
    private static let foundation = """
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

    /// `credentials` are in a form that the protocol of the accounts defines.
    private static let accounts = """
        CREATE TABLE accounts (
            name TEXT PRIMARY KEY,
            device INTEGER NOT NULL UNIQUE REFERENCES devices(id),
            credentials BLOB NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        ALTER TABLE messages ADD COLUMN title TEXT;
        ALTER TABLE messages ADD COLUMN uri TEXT;
        ALTER TABLE messages ADD COLUMN sender_address TEXT;
        """

    /// `outbox` holds what vendors are to deliver, until they have answered. `secret` is encrypted with the key file.
    private static let vendors = """
        CREATE TABLE outbox (
            route TEXT NOT NULL,
            app INTEGER NOT NULL,
            message INTEGER NOT NULL,
            device INTEGER NOT NULL,
            PRIMARY KEY (route, app, message, device)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE dead_tokens (
            position INTEGER PRIMARY KEY AUTOINCREMENT,
            app INTEGER NOT NULL REFERENCES apps(id),
            route TEXT NOT NULL,
            token TEXT NOT NULL,
            at INTEGER NOT NULL,
            reason TEXT NOT NULL,
            UNIQUE (app, route, token)
        ) STRICT;

        CREATE TABLE credentials (
            id INTEGER PRIMARY KEY,
            app INTEGER NOT NULL REFERENCES apps(id),
            provider TEXT NOT NULL,
            name TEXT NOT NULL,
            settings TEXT NOT NULL,
            secret BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            UNIQUE (app, provider, name)
        ) STRICT;

        ALTER TABLE messages ADD COLUMN apns TEXT;
        """

    /// `public_id` is half of an endpoint's token; the other half is not kept. `registration` is in a form of the
    /// protocol that it was made with.
    private static let endpoints = """
        ALTER TABLE devices ADD COLUMN vendor TEXT;
        ALTER TABLE devices ADD COLUMN address TEXT;
        ALTER TABLE outbox ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;

        CREATE TABLE endpoints (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            public_id BLOB NOT NULL UNIQUE,
            device INTEGER NOT NULL REFERENCES devices(id),
            registration TEXT NOT NULL,
            sender_key BLOB,
            text_only INTEGER NOT NULL,
            needs_confirmation INTEGER NOT NULL,
            address TEXT,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            UNIQUE (device, registration)
        ) STRICT;
        CREATE INDEX endpoints_by_expiry ON endpoints(expires_at) WHERE expires_at IS NOT NULL;

        CREATE TABLE vendor_tasks (
            message INTEGER NOT NULL,
            route TEXT NOT NULL,
            platform INTEGER NOT NULL,
            id TEXT NOT NULL,
            app INTEGER NOT NULL,
            result TEXT NOT NULL,
            status TEXT NOT NULL,
            response TEXT NOT NULL,
            at INTEGER NOT NULL,
            final INTEGER NOT NULL,
            PRIMARY KEY (message, route, platform, id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX vendor_tasks_open ON vendor_tasks(at) WHERE final = 0;

        ALTER TABLE messages ADD COLUMN endpoint INTEGER;
        ALTER TABLE messages ADD COLUMN registration TEXT;
        ALTER TABLE messages ADD COLUMN data BLOB;
        ALTER TABLE messages ADD COLUMN urgency INTEGER;
        ALTER TABLE messages ADD COLUMN topic TEXT;
        CREATE INDEX messages_by_topic ON messages(endpoint, topic) WHERE topic IS NOT NULL;
        """
}
