/// Who may administer the server, and what was done with it.
extension SQLiteSchema {
    static let access = tokens + keyOverlap + keyCheck + audit

    /// What was a list of hashes now says what each token may do, and until when. Those that there are may do everything.
    private static let tokens = """
        CREATE TABLE tokens (
            hash BLOB PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            role TEXT NOT NULL,
            app TEXT REFERENCES apps(public_id) ON DELETE CASCADE,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            used_at INTEGER
        ) STRICT, WITHOUT ROWID;
        INSERT INTO tokens (hash, name, role, created_at)
        SELECT hash, 'admin' || iif(number = 1, '', '-' || number), 'admin', created_at
        FROM (SELECT hash, created_at, row_number() OVER (ORDER BY created_at, hash) AS number FROM admin_tokens);
        DROP TABLE admin_tokens;

        """

    /// An app's key before its last one, and until when it is valid besides.
    private static let keyOverlap = """
        ALTER TABLE apps ADD COLUMN old_key_hash BLOB;
        ALTER TABLE apps ADD COLUMN old_key_until INTEGER;

        """

    /// What the key file is known by that secrets are encrypted with.
    private static let keyCheck = """
        CREATE TABLE key_check (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            value BLOB NOT NULL
        ) STRICT;

        """

    /// `hash` seals an entry with the one before it; `audit_head` seals which entry is the last. `message` is the last
    /// message that entries account for.
    private static let audit = """
        CREATE TABLE audit (
            sequence INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            address TEXT NOT NULL,
            act TEXT NOT NULL,
            object TEXT NOT NULL,
            details TEXT NOT NULL,
            previous BLOB NOT NULL,
            hash BLOB NOT NULL
        ) STRICT;
        CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
        BEGIN
            SELECT RAISE(ABORT, 'the audit is only added to');
        END;
        CREATE TRIGGER audit_undeleted BEFORE DELETE ON audit
        BEGIN
            SELECT RAISE(ABORT, 'the audit is only added to');
        END;

        CREATE TABLE audit_head (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            sequence INTEGER NOT NULL,
            seal BLOB NOT NULL,
            message INTEGER NOT NULL
        ) STRICT;

        """
}
