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

    /// What waited for its time is kept from then on, as if it had its id from there.
    static let keptFrom = """
        DROP INDEX messages_of_app_swept;
        CREATE INDEX messages_of_app_swept ON messages(app, coalesce(send_at << 21, id)) WHERE swept = 1;
        """
}
