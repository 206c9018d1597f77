/// A notification that could not be delivered and is not tried again by itself.
package struct DeadLetter: Sendable, Equatable {
    package var id: Int64
    /// The row of the message centre.
    package var row: Int64
    package var mode: String
    package var title: String
    /// Who was not told; nil for all receivers of the row.
    package var userNumber: String?
    package var reason: String
    package var attempts: Int64
    package var at: Timestamp

    package init(
        id: Int64 = 0, row: Int64, mode: String, title: String, userNumber: String?, reason: String, attempts: Int64,
        at: Timestamp
    ) {
        self.id = id
        self.row = row
        self.mode = mode
        self.title = title
        self.userNumber = userNumber
        self.reason = reason
        self.attempts = attempts
        self.at = at
    }
}
