extension SQLiteSchema {
    /// A row of `journal` is what one commit did to deliveries: `count` events, the first of which has the number
    /// `first`, packed as `JournalWriter` says. `at` is when the last of them happened.
    static let events = """
        CREATE TABLE journal (
            first INTEGER PRIMARY KEY,
            count INTEGER NOT NULL,
            at INTEGER NOT NULL,
            events BLOB NOT NULL
        ) STRICT;
        """
}
