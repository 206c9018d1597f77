/// `escalations` is keyed by the message that began it. `due_at` is NULL once it has ended, so that its index has only what
/// is under way. `escalation_members` names all messages that the first confirmation stops, for those of which one does.
extension SQLiteSchema {
    static let escalations = """
        CREATE TABLE route_policies (
            app INTEGER PRIMARY KEY REFERENCES apps(id),
            policy TEXT NOT NULL
        ) STRICT;

        CREATE TABLE escalations (
            message INTEGER PRIMARY KEY,
            app INTEGER NOT NULL,
            steps TEXT NOT NULL,
            stops_at_first INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            next INTEGER NOT NULL,
            current INTEGER NOT NULL,
            due_at INTEGER,
            end TEXT,
            confirmed_by INTEGER,
            ended_at INTEGER
        ) STRICT;
        CREATE INDEX escalations_due ON escalations(due_at) WHERE due_at IS NOT NULL;

        CREATE TABLE escalation_members (
            message INTEGER PRIMARY KEY,
            root INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX escalation_members_by_root ON escalation_members(root);

        -- Notices of a step have its id below zero as their row.
        CREATE TABLE escalation_steps (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            message INTEGER NOT NULL,
            step INTEGER NOT NULL,
            at INTEGER NOT NULL,
            code TEXT NOT NULL,
            detail TEXT NOT NULL,
            child INTEGER,
            UNIQUE (message, step)
        ) STRICT;

        ALTER TABLE notices ADD COLUMN reason TEXT;
        """
}
