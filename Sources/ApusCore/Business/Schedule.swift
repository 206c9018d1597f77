/// A notification at a chosen time, once or again and again. Each time makes a row of the message centre.
package struct Schedule: Sendable, Equatable {
    package enum State: String, Sendable {
        case waiting
        /// All its times have come.
        case done
        case cancelled
    }

    package var id: Int64
    /// What each row is made from.
    package var row: CentreRow
    package var appID: String
    /// When it is next; nil if it is over.
    package var next: Timestamp?
    /// When it recurs (`CronExpression`); nil for once.
    package var cron: String?
    /// Where the clock hangs that `cron` means, an IANA name.
    package var timeZone: String
    package var state: State
    package var createdAt: Timestamp
    /// The row that was made last.
    package var lastRow: Int64?

    package init(
        id: Int64 = 0, row: CentreRow, appID: String, next: Timestamp?, cron: String? = nil, timeZone: String = "UTC",
        state: State = .waiting, createdAt: Timestamp, lastRow: Int64? = nil
    ) {
        self.id = id
        self.row = row
        self.appID = appID
        self.next = next
        self.cron = cron
        self.timeZone = timeZone
        self.state = state
        self.createdAt = createdAt
        self.lastRow = lastRow
    }

    /// What it is once `next` was acted on. Times that passed while the server was away are not made up for.
    package func advanced(at now: Timestamp, row: Int64) -> Schedule {
        var advanced = self
        advanced.lastRow = row
        advanced.next = cron.flatMap { try? CronExpression($0) }?.next(after: now, in: timeZone)
        if advanced.next == nil { advanced.state = .done }
        return advanced
    }
}
