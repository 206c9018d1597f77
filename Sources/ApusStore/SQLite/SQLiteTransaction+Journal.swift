import ApusCore

private enum Statements {
    static let next = "SELECT first + count FROM journal ORDER BY first DESC LIMIT 1"
    static let last: SQL = "SELECT first + count - 1 FROM journal ORDER BY first DESC LIMIT 1"
    static let insert: SQL = """
        INSERT INTO journal (first, count, at, events) VALUES (coalesce((\(next)), 1), ?, ?, ?)
        """
    /// A number that no event has, so that whoever followed until then learns that something may be missing.
    static let interrupt: SQL = """
        INSERT INTO journal (first, count, at, events) SELECT first + count, 1, at, x''
        FROM (SELECT * FROM journal ORDER BY first DESC LIMIT 1) WHERE length(events) > 0
        """
    static let page: SQL = """
        SELECT first, count, events FROM journal
        WHERE first >= coalesce((SELECT max(first) FROM journal WHERE first <= ?1), 0) AND first < ?1 + ?2
        ORDER BY first
        """
    static let later: SQL = "SELECT min(first) FROM journal WHERE first > ?"
    /// The first row whose time has come, if it is old.
    private static let old = """
        SELECT first FROM (SELECT first, at FROM journal WHERE at <= ?3 ORDER BY first LIMIT 1) WHERE at < ?1
        """
    static let purge: SQL = """
        DELETE FROM journal WHERE first IN (SELECT first FROM journal ORDER BY first LIMIT ?4)
            AND (at < ?1 OR first + count <= (\(next)) - ?2 OR first < (\(old)))
            AND first < (SELECT max(first) FROM journal)
        """
    static let face: SQL = """
        SELECT v.public_id, v.alias, v.app, a.public_id, v.deleted FROM devices v JOIN apps a ON a.id = v.app WHERE v.id = ?
        """
}

extension SQLiteTransaction {
    var eventCount: Int { journal.count }

    /// Writes what the transaction did to deliveries, as its last act.
    func writeJournal() throws {
        for row in journal.rows { try database.run(Statements.insert, row.count, row.lastTime, row.bytes) }
    }

    /// The journal is not kept from now on.
    func interruptJournal() throws {
        try database.run(Statements.interrupt)
    }

    func lastEvent() throws -> EventID {
        try database.first(Statements.last) { EventID($0.int(0)) } ?? .zero
    }

    func journal(after: EventID, limit: Int) throws -> JournalPage? {
        var first = after.next
        while true {
            let events = try events(from: first, limit: limit)
            if !events.isEmpty { return JournalPage(first: first, events: events) }
            guard let later = try database.first(Statements.later, first.rawValue, value: { $0.optionalInt(0) }) ?? nil
            else { return nil }
            first = EventID(later)
        }
    }

    /// The events from this number on, up to where one is missing.
    private func events(from first: EventID, limit: Int) throws -> [StateEvent] {
        var events: [StateEvent] = []
        var isWhole = true
        try database.rows(Statements.page, first.rawValue, limit) { row in
            let (start, count) = (row.int(0), Int(row.int(1)))
            let skipped = Int(first.rawValue) + events.count - Int(start)
            guard isWhole, skipped < count else { return }
            let read = Array(JournalReader(row.blob(2)))
            isWhole = skipped >= 0 && read.count == count
            if isWhole { events += read.dropFirst(skipped).prefix(limit - events.count) }
        }
        return events
    }

    func face(of device: DeviceNumber) throws -> DeviceFace? {
        try database.first(Statements.face, device) {
            DeviceFace(
                id: $0.bool(4) ? nil : $0.text(0), alias: $0.bool(4) ? nil : $0.text(1), app: AppNumber($0.int(2)),
                appID: $0.text(3))
        }
    }

    func purgeJournal(before time: Timestamp, keeping: Int64, at now: Timestamp, limit: Int) throws -> Bool {
        try database.run(Statements.purge, time, keeping, now, limit) == limit
    }
}
