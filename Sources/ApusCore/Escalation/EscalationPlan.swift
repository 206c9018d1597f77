/// What is done, one step after the other, about a message that is not confirmed.
package struct EscalationPlan: Sendable, Equatable {
    package struct Step: Sendable, Equatable {
        package enum Action: Sendable, Equatable {
            /// An SMS or e-mail to whom was told last.
            case notice(NotificationMode)
            /// The vendors of devices that have a connection of their own and do not confirm.
            case vendor
            /// The same message to these aliases.
            case persons([String])
        }

        /// Seconds from the step before, or from acceptance.
        package let after: Int64
        package let action: Action

        package init(after: Int64, _ action: Action) {
            self.after = after
            self.action = action
        }
    }

    package let steps: [Step]
    /// Whether the first confirmation by anybody ends it for everybody. Otherwise the steps are for each recipient whom
    /// nothing has reached yet.
    package let stopsAtFirst: Bool

    package init(_ steps: [Step], stopsAtFirst: Bool) {
        self.steps = steps
        self.stopsAtFirst = stopsAtFirst
    }
}

extension EscalationPlan.Step.Action {
    /// The name in codes and metrics.
    package var name: String {
        switch self {
        case .notice(let mode): mode.rawValue
        case .vendor: "vendor"
        case .persons: "persons"
        }
    }
}
