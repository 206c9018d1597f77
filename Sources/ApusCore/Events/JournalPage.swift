/// The number of an event in the journal: it grows by one with each and is never used again.
package struct EventID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: Int64

    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    /// - Returns: nil if it is not a whole number from 0 on.
    package init?(_ text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int64(text) else {
            return nil
        }
        rawValue = value
    }

    package static let zero = EventID(0)

    package var next: EventID { EventID(rawValue + 1) }

    package var description: String { String(rawValue) }

    package static func < (a: EventID, b: EventID) -> Bool { a.rawValue < b.rawValue }
}

/// Some events of the journal, whose numbers follow one another.
package struct JournalPage: Sendable {
    /// The number of the first event.
    package let first: EventID
    /// At least one.
    package let events: [StateEvent]

    package init(first: EventID, events: [StateEvent]) {
        self.first = first
        self.events = events
    }

    /// The number of the last event.
    package var last: EventID { id(at: events.count - 1) }

    package func id(at index: Int) -> EventID { EventID(first.rawValue + Int64(index)) }
}

/// Whose device it is, as those see it who may follow its events.
package struct DeviceFace: Sendable, Equatable {
    /// Nil if it was deleted.
    package let id: String?
    package let alias: String?
    package let app: AppNumber
    package let appID: String

    package init(id: String?, alias: String?, app: AppNumber, appID: String) {
        self.id = id
        self.alias = alias
        self.app = app
        self.appID = appID
    }
}
