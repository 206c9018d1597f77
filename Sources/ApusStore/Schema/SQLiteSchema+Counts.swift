extension SQLiteSchema {
    /// A row of `delivery_counts` says how many deliveries of a message stand where. Messages to few have none: counting
    /// theirs takes no time.
    static let counts = """
        CREATE TABLE delivery_counts (
            message INTEGER PRIMARY KEY,
            unsent INTEGER NOT NULL,
            sent INTEGER NOT NULL,
            received INTEGER NOT NULL,
            read INTEGER NOT NULL,
            expired INTEGER NOT NULL,
            failed INTEGER NOT NULL,
            cancelled INTEGER NOT NULL
        ) STRICT;

        INSERT INTO delivery_counts
        SELECT message,
            count(*) FILTER (WHERE end IS NULL AND state = 0), count(*) FILTER (WHERE end IS NULL AND state = 1),
            count(*) FILTER (WHERE end IS NULL AND state = 2), count(*) FILTER (WHERE end IS NULL AND state = 3),
            count(*) FILTER (WHERE end = 'expired'), count(*) FILTER (WHERE end = 'failed'),
            count(*) FILTER (WHERE end = 'cancelled')
        FROM deliveries GROUP BY message HAVING count(*) > 1000;
        """
}
