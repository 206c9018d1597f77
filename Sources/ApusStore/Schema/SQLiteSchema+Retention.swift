/// How long messages are kept.
extension SQLiteSchema {
    /// `app_retention` has the apps that say so themselves; what is NULL is as the configuration says.
    static let retention = """
        CREATE TABLE app_retention (
            app INTEGER PRIMARY KEY REFERENCES apps(id),
            age INTEGER,
            count INTEGER
        ) STRICT;

        DROP INDEX messages_swept;
        CREATE INDEX messages_of_app_swept ON messages(app) WHERE swept = 1;
        """

    /// Ids grow also when the clock was set back, so they do not always tell a message's age: `accepted_at` is NULL if
    /// the id tells it, and `at` is the time of a key's request. What waited for its time is as old as that. `purged` has
    /// the highest id of what was removed.
    static let keptFrom = """
        ALTER TABLE messages ADD COLUMN accepted_at INTEGER;
        DROP INDEX messages_of_app_swept;
        CREATE INDEX messages_of_app_swept ON messages(app, coalesce(send_at << 21, accepted_at << 21, id))
            WHERE swept = 1;

        CREATE TABLE purged (last INTEGER NOT NULL) STRICT;
        INSERT INTO purged SELECT coalesce(max(message), 0) FROM idempotency;

        ALTER TABLE idempotency ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
        UPDATE idempotency SET at = message >> 21;
        DROP INDEX idempotency_by_message;
        CREATE INDEX idempotency_by_time ON idempotency(at);
        """
}
