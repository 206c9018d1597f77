extension Explanation {
    /// What became of a message's escalation, for all its devices.
    package init(_ record: MessageRecord, _ history: EscalationHistory) {
        let escalation = history.escalation
        state = escalation.end?.name ?? "escalating"
        steps = [Self.accepted(record.message)] + Self.steps(history)
        next =
            Self.next(escalation)
            ?? Step(at: nil, code: "none", text: "Nothing: the escalation is over.", route: nil)
    }

    /// The same with what was done for all devices of the message.
    package func adding(_ history: EscalationHistory?) -> Explanation {
        guard let history else { return self }
        let first = steps.prefix(2)
        let later = steps.dropFirst(2) + Self.steps(history)
        let sorted = later.sorted { ($0.at?.milliseconds ?? 0) < ($1.at?.milliseconds ?? 0) }
        var next = next
        if let coming = Self.next(history.escalation), coming.code != "escalation.armed" {
            let at = coming.at.map { " at \($0.rfc3339)" } ?? ""
            next = Step(
                at: next.at, code: next.code, text: "\(next.text) Escalation\(at): \(coming.text)", route: next.route)
        }
        return Explanation(state: state, steps: first + sorted, next: next)
    }

    private static func steps(_ history: EscalationHistory) -> [Step] {
        let taken = history.steps.map { step in
            let parts = [step.record.detail] + step.notices.map(text)
            return Step(at: step.record.at, code: step.record.code, text: parts.joined(separator: " "), route: nil)
        }
        return taken + [end(history)].compactMap(\.self)
    }

    private static func text(of notice: Notice) -> String {
        let twice = notice.mayBeRepeated ? ", may have come twice" : ""
        let reason = notice.reason.map { ": \($0)" } ?? ""
        switch notice.state {
        case .waiting:
            return
                "\(notice.userNumber) waits\(notice.attempts > 0 ? ", tried \(notice.attempts) times" : "")\(reason)."
        case .sending: return "\(notice.userNumber) is being sent."
        case .sent: return "\(notice.userNumber) was sent\(twice)\(reason)."
        case .failed: return "\(notice.userNumber) failed\(twice)\(reason)."
        case .cancelled:
            return notice.mayBeRepeated
                ? "\(notice.userNumber) is not tried again, but may have been sent."
                : "\(notice.userNumber) was not sent any more."
        }
    }

    private static func end(_ history: EscalationHistory) -> Step? {
        guard let end = history.escalation.end else { return nil }
        let text =
            switch end {
            case .confirmed:
                "Stopped: device \(history.confirmer ?? "(unknown)") was the first to confirm. Nothing more is sent to "
                    + "anybody."
            case .cancelled: "Stopped: the message was cancelled."
            case .expired: "Over: the message expired, and nobody had confirmed it."
            case .done: "Over: everybody was reached, or there was nothing more to try."
            }
        return Step(at: history.escalation.endedAt, code: "escalation.\(end.name)", text: text, route: nil)
    }

    private static func next(_ escalation: Escalation) -> Step? {
        guard escalation.end == nil else { return nil }
        guard escalation.plan.steps.indices.contains(escalation.next) else {
            return Step(
                at: escalation.due, code: "escalation.armed",
                text: "All steps were taken; the first confirmation still stops everything else.", route: nil)
        }
        let what =
            switch escalation.plan.steps[escalation.next].action {
            case .notice(let mode): "\(mode.name) to whom was told last"
            case .vendor: "the vendors of devices that have not confirmed it"
            case .persons(let persons): "the same message to \(persons.joined(separator: ", "))"
            }
        return Step(
            at: escalation.due, code: "escalation.waits",
            text: "Step \(escalation.next + 1) of \(escalation.plan.steps.count), \(what), unless "
                + (escalation.plan.stopsAtFirst ? "somebody confirms first." : "they are reached before."), route: nil)
    }
}
