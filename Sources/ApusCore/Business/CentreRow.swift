/// A row of the message centre (`sys_message_center`, seed 004): tell these users this, in this way.
package struct CentreRow: Sendable, Equatable {
    /// `send_state`. 0 and 1 are the seed's.
    package enum State: Int64, Sendable {
        case waiting = 0
        /// Everybody who could be told was told; `remark` names the others.
        case done = 1
        /// Nobody was told; `send_result` says why.
        case failed = 2
        /// It is with the sender of SMS or e-mail, whose answer is not here yet.
        case claimed = 3
    }

    package var id: Int64
    package var title: String
    package var content: String
    package var extra: String?
    /// `push`, `sms` or `email`, as it was written.
    package var mode: String
    /// The higher, the sooner.
    package var level: Int64
    /// As it was written; `ReceiverList` reads it.
    package var receivers: String
    package var state: State
    package var result: String?
    package var remark: String?
    /// The app whose devices are meant; nil for the one that is configured.
    package var app: AppNumber?

    package init(
        id: Int64 = 0, title: String, content: String, extra: String? = nil, mode: String, level: Int64 = 1,
        receivers: String, state: State = .waiting, result: String? = nil, remark: String? = nil, app: AppNumber? = nil
    ) {
        self.id = id
        self.title = title
        self.content = content
        self.extra = extra
        self.mode = mode
        self.level = level
        self.receivers = receivers
        self.state = state
        self.result = result
        self.remark = remark
        self.app = app
    }
}

/// How somebody is notified: `notify_mode`.
package enum NotificationMode: String, Sendable, CaseIterable {
    case push
    case sms
    case email

    /// For sentences.
    package var name: String {
        switch self {
        case .push: "push"
        case .sms: "SMS"
        case .email: "e-mail"
        }
    }
}
