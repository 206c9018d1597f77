extension SQLiteSchema {
    /// A row of `journal` is what one commit did to deliveries: `count` events, the first of which has the number
    /// `first`, packed as `JournalWriter` says. `at` is when the last of them happened. The
    /// secrets of webhooks are encrypted with the key file.
    static let events = """
        CREATE TABLE journal (
            first INTEGER PRIMARY KEY,
            count INTEGER NOT NULL,
            at INTEGER NOT NULL,
            events BLOB NOT NULL
        ) STRICT;

        CREATE TABLE webhooks (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            public_id TEXT NOT NULL UNIQUE,
            app INTEGER NOT NULL REFERENCES apps(id),
            url TEXT NOT NULL,
            states INTEGER NOT NULL,
            secret BLOB NOT NULL,
            old_secret BLOB,
            old_until INTEGER,
            created_at INTEGER NOT NULL,
            after INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            not_before INTEGER NOT NULL DEFAULT 0,
            problem TEXT
        ) STRICT;

        ALTER TABLE dead_letters ADD COLUMN webhook TEXT;
        ALTER TABLE dead_letters ADD COLUMN post TEXT;
        ALTER TABLE dead_letters ADD COLUMN body TEXT;
        CREATE INDEX dead_letters_by_webhook ON dead_letters(webhook) WHERE webhook IS NOT NULL;
        """
}
