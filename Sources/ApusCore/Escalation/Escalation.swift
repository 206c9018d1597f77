/// How far a message's escalation has come: a state machine without I/O, moved by time and by what its steps achieved.
///
/// A step's time counts from the step before it, as that was taken. After one that told nobody the next is due at once:
/// an alarm does not wait for who cannot be reached.
package struct Escalation: Sendable, Equatable {
    package enum End: Sendable, Equatable {
        /// By this device.
        case confirmed(DeviceNumber)
        case cancelled
        /// The message expired.
        case expired
        /// Everybody was reached, or there is nothing more to try.
        case done
    }

    package enum Action: Sendable, Equatable {
        case wait
        case take(EscalationPlan.Step)
        case end(End)
    }

    /// The message that it is of.
    package let message: MessageID
    package let app: AppNumber
    package let plan: EscalationPlan
    package let expiresAt: Timestamp
    /// The index of the step that is next.
    package private(set) var next: Int
    /// The message whose audience was told last: the first one, or one that a step made.
    package private(set) var current: MessageID
    /// When there is something to do; nil once it has ended.
    package private(set) var due: Timestamp?
    package private(set) var end: End?
    package private(set) var endedAt: Timestamp?

    package init(_ plan: EscalationPlan, of message: Message) {
        self.message = message.id
        app = message.app
        self.plan = plan
        expiresAt = message.expiresAt
        next = 0
        current = message.id
        due = min(message.sentFrom.adding(seconds: plan.steps.first?.after ?? 0), expiresAt)
    }

    /// One read back from the store.
    package init(
        message: MessageID, app: AppNumber, plan: EscalationPlan, expiresAt: Timestamp, next: Int, current: MessageID,
        due: Timestamp?, end: End?, endedAt: Timestamp?
    ) {
        self.message = message
        self.app = app
        self.plan = plan
        self.expiresAt = expiresAt
        self.next = next
        self.current = current
        self.due = due
        self.end = end
        self.endedAt = endedAt
    }

    package func action(at now: Timestamp) -> Action {
        guard let due, due <= now else { return .wait }
        if expiresAt <= now { return .end(.expired) }
        return plan.steps.indices.contains(next) ? .take(plan.steps[next]) : .end(.done)
    }

    /// The next step was taken.
    /// - Parameters:
    ///   - toldAnybody: whether it reached somebody, as far as that is known at once.
    ///   - child: the message that it made, if it made one.
    package mutating func advance(toldAnybody: Bool, child: MessageID? = nil, at now: Timestamp) {
        guard end == nil else { return }
        next += 1
        if let child { current = child }
        if plan.steps.indices.contains(next) {
            due = min(toldAnybody ? now.adding(seconds: plan.steps[next].after) : now, expiresAt)
        } else if plan.stopsAtFirst {
            // Somebody may still confirm.
            due = expiresAt
        } else {
            end(.done, at: now)
        }
    }

    /// - Returns: false if it had ended before.
    @discardableResult
    package mutating func end(_ end: End, at now: Timestamp) -> Bool {
        guard self.end == nil else { return false }
        self.end = end
        endedAt = now
        due = nil
        return true
    }
}

extension Escalation.End {
    /// The name in codes, metrics and the store.
    package var name: String {
        switch self {
        case .confirmed: "confirmed"
        case .cancelled: "cancelled"
        case .expired: "expired"
        case .done: "done"
        }
    }
}

/// A step that was taken.
package struct EscalationRecord: Sendable, Equatable {
    /// What the notices that it made are known by.
    package var id: Int64
    package let message: MessageID
    /// The step's index.
    package let step: Int
    package let at: Timestamp
    /// A stable code: `escalated.sms`, `escalated.nobody`, …
    package let code: String
    /// For people.
    package let detail: String
    /// The message that it made.
    package let child: MessageID?

    package init(
        id: Int64 = 0, message: MessageID, step: Int, at: Timestamp, code: String, detail: String,
        child: MessageID? = nil
    ) {
        self.id = id
        self.message = message
        self.step = step
        self.at = at
        self.code = code
        self.detail = detail
        self.child = child
    }

    /// What `Notice.row` is for notices of this step.
    package var noticeRow: Int64 { -id }
}
