import ApusCore

/// What one transaction does to deliveries, until it is written as a part of it.
final class JournalDraft {
    /// Events in a row: what is read at once when somebody follows from the middle of a large commit.
    private static let rowLength = 1000

    private let isKept: Bool
    private(set) var rows: [JournalWriter] = []
    private(set) var count = 0

    /// - Parameter isKept: whether there is a journal at all.
    init(isKept: Bool) {
        self.isKept = isKept
    }

    func append(_ event: StateEvent) {
        guard isKept else { return }
        if rows.isEmpty || rows[rows.count - 1].count == Self.rowLength { rows.append(JournalWriter()) }
        rows[rows.count - 1].append(event)
        count += 1
    }

    func append(_ events: [StateEvent]) {
        for event in events { append(event) }
    }
}
