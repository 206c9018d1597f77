import Crypto

/// One SMS or e-mail: what a row of the message centre means for one receiver.
package struct Notice: Sendable, Equatable {
    /// The raw value is what the store keeps.
    package enum State: Int64, Sendable {
        case waiting = 0
        /// The sender has it, or had it when the server stopped.
        case sending = 1
        case sent = 2
        case failed = 3
        /// There was no need for it any more.
        case cancelled = 4
    }

    /// The row of the message centre, or below zero a step of an escalation (`EscalationRecord.noticeRow`).
    package var row: Int64
    package var userNumber: String
    package var mode: NotificationMode
    /// A phone number or an e-mail address.
    package var address: String
    package var title: String
    package var text: String
    /// `extra_params_string` of the row.
    package var extra: String?
    package var app: AppNumber
    package var level: Int64
    package var state: State
    /// How often a sender took it over.
    package var attempts: Int64
    /// Not tried before.
    package var notBefore: Timestamp
    /// Whether an earlier attempt ended without an answer, so that it may arrive twice.
    package var mayBeRepeated: Bool
    /// What was answered last: the service's reference, or why it was not taken.
    package var reason: String?

    package init(
        row: Int64, userNumber: String, mode: NotificationMode, address: String, title: String, text: String,
        extra: String? = nil, app: AppNumber, level: Int64 = 1, state: State = .waiting, attempts: Int64 = 0,
        notBefore: Timestamp = Timestamp(milliseconds: 0), mayBeRepeated: Bool = false,
        reason: String? = nil
    ) {
        self.row = row
        self.userNumber = userNumber
        self.mode = mode
        self.address = address
        self.title = title
        self.text = text
        self.extra = extra
        self.app = app
        self.level = level
        self.state = state
        self.attempts = attempts
        self.notBefore = notBefore
        self.mayBeRepeated = mayBeRepeated
        self.reason = reason
    }

    /// Whether one is to be sent before the other.
    package static func isMoreUrgent(_ notice: Notice, than other: Notice) -> Bool {
        (other.level, notice.row, notice.userNumber) < (notice.level, other.row, other.userNumber)
    }

    /// The same at each attempt, for services that can tell a repetition: up to 44 letters, digits and a hyphen, whatever
    /// the user's number is.
    package var key: String {
        "\(row)-\(Hex.encode(SHA256.hash(data: Array(userNumber.utf8)).prefix(12)))"
    }
}

/// How many notices of a row are in which state.
package struct NoticeCounts: Sendable, Equatable {
    package var open = 0
    package var sent = 0
    package var failed = 0

    package init() {}
}
