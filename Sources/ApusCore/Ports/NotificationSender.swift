/// Sends SMS or e-mail: what the message centre hands on.
package protocol NotificationSender: Sendable {
    /// `sms` or `email`.
    var mode: NotificationMode { get }
    /// Whether it has what it needs to send for the app.
    func serves(_ app: AppNumber) -> Bool
    /// Takes a notification over without waiting.
    /// - Parameter completion: called exactly once, on any thread.
    /// - Returns: false if it has as much under way as it may; the notification is then offered again later, and
    ///   `completion` is not called.
    func submit(
        _ notification: OutgoingNotification, completion: @escaping @Sendable (NotificationOutcome) -> Void
    ) -> Bool
}

package struct OutgoingNotification: Sendable, Equatable {
    /// The same at each attempt, so that a service that knows such keys sends it once: up to 44 letters, digits and a
    /// hyphen.
    package let key: String
    package let app: AppNumber
    /// A phone number or an e-mail address, as it stands in the users' table.
    package let receiver: String
    /// Empty if there is none.
    package let title: String
    package let text: String
    /// What goes into a service's template: the text of a JSON object; nil if there is none.
    package let extra: String?

    package init(
        key: String, app: AppNumber, receiver: String, title: String, text: String, extra: String? = nil
    ) {
        self.key = key
        self.app = app
        self.receiver = receiver
        self.title = title
        self.text = text
        self.extra = extra
    }
}

package enum NotificationOutcome: Sendable, Equatable {
    /// - Parameter reference: what the service calls it.
    case accepted(reference: String)
    /// It will never be taken.
    case refused(reason: String)
    /// It was not taken now; nothing was sent.
    case later(reason: String, afterSeconds: Int64?)
    /// Nobody was asked to take it, as there is no room or the service is in trouble: no attempt.
    case putOff(reason: String, afterSeconds: Int64)
    /// No answer: it may have been sent or not.
    case unknown(reason: String)
}
