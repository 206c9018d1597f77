/// What became of an SMS or a mail that was handed to a service.
package struct SendOutcome: Sendable, Equatable {
    package enum Result: Sendable, Equatable {
        /// The service accepted it, and knows it by this name; empty if it gave none.
        case accepted(reference: String)
        /// It will never be accepted.
        case refused
        /// It was not accepted, and may be tried again: after so many seconds, or when the sender likes to.
        case later(after: Int64?)
        /// The service was not asked, as there is no room or it is in trouble: to be handed over again after so many
        /// seconds.
        case putOff(after: Int64)
        /// Nobody can say whether it was accepted. Who sends it again may send it twice.
        case unknown
    }

    /// In seconds, when nothing gets through until somebody changes a setting or fills an account.
    static let operatorPause: Int64 = 600

    package let result: Result
    /// A stable code (`smtp.550`, `twilio.21211`, …).
    package let code: String
    /// The service's answer for people.
    package let detail: String

    package init(_ result: Result, code: String, detail: String) {
        self.result = result
        self.code = code
        self.detail = detail
    }
}
