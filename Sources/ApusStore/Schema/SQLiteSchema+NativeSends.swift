/// What the native API needs: messages that wait for their time, are taken back or replaced, and lists of messages and
/// devices that are read in pages.
extension SQLiteSchema {
    /// `waiting` is 1 until the time of a scheduled message. A message's `topic` is its collapse key; `collapse_keys`
    /// tells for each device the last message of a key, whose scope is an endpoint or a tenant.
    static let nativeSends = """
        ALTER TABLE devices ADD COLUMN language TEXT;
        ALTER TABLE devices ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX devices_of_app ON devices(app) WHERE deleted = 0;
        CREATE INDEX devices_of_app_by_alias ON devices(app, alias) WHERE deleted = 0;

        ALTER TABLE messages ADD COLUMN variants TEXT;
        ALTER TABLE messages ADD COLUMN recalls INTEGER;
        ALTER TABLE messages ADD COLUMN send_at INTEGER;
        ALTER TABLE messages ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE messages ADD COLUMN cancelled_at INTEGER;
        CREATE INDEX messages_of_app ON messages(app);
        CREATE INDEX messages_due ON messages(send_at) WHERE waiting = 1;
        CREATE INDEX messages_of_app_waiting ON messages(app) WHERE waiting = 1;
        CREATE INDEX messages_of_app_cancelled ON messages(app) WHERE cancelled_at IS NOT NULL;

        CREATE TABLE collapse_keys (
            device INTEGER NOT NULL,
            scope TEXT NOT NULL,
            key TEXT NOT NULL,
            message INTEGER NOT NULL,
            PRIMARY KEY (device, scope, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX collapse_keys_by_message ON collapse_keys(message);
        INSERT OR REPLACE INTO collapse_keys (device, scope, key, message)
        SELECT d.device, 'endpoint ' || m.endpoint, m.topic, m.id
        FROM messages m JOIN deliveries d ON d.message = m.id
        WHERE m.topic IS NOT NULL AND d.open = 1 ORDER BY m.id;
        DROP INDEX messages_by_topic;
        """
}
