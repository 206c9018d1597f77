/// What could not be delivered and is not tried again by itself: a notification, or events for a webhook.
package struct DeadLetter: Sendable, Equatable {
    /// What was posted to a webhook.
    package struct Post: Sendable, Equatable {
        package let webhook: String
        package let id: String
        /// The text of a JSON object.
        package let body: String

        package init(webhook: String, id: String, body: String) {
            self.webhook = webhook
            self.id = id
            self.body = body
        }
    }

    package var id: Int64
    /// The row of the message centre; 0 for a post, as no row has that.
    package var row: Int64
    /// How it was to be delivered: the row's notify_mode, or `webhook`.
    package var mode: String
    /// The row's title, or a webhook's URL.
    package var title: String
    /// Who was not told; nil for all receivers of the row.
    package var userNumber: String?
    package var reason: String
    package var attempts: Int64
    package var at: Timestamp
    package var post: Post?

    package init(
        id: Int64 = 0, row: Int64, mode: String, title: String, userNumber: String?, reason: String, attempts: Int64,
        at: Timestamp, post: Post? = nil
    ) {
        self.id = id
        self.row = row
        self.mode = mode
        self.title = title
        self.userNumber = userNumber
        self.reason = reason
        self.attempts = attempts
        self.at = at
        self.post = post
    }
}
