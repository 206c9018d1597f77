/// What became of a message's escalation so far, for explanations.
package struct EscalationHistory: Sendable {
    package struct Step: Sendable {
        package let record: EscalationRecord
        /// The first of the notices that it made.
        package let notices: [Notice]
    }

    package let escalation: Escalation
    package let steps: [Step]
    /// The id of the device that confirmed first.
    package let confirmer: String?

    /// Notices of each step that an explanation names.
    fileprivate static let mostNotices = 50
}

extension StoreSnapshot {
    /// The escalation that the message began, or that made it.
    package func escalationHistory(of message: MessageID) throws -> EscalationHistory? {
        guard let escalation = try escalation(of: message) else { return nil }
        let steps = try escalationRecords(of: escalation.message).map { record in
            EscalationHistory.Step(
                record: record, notices: try notices(of: record.noticeRow, limit: EscalationHistory.mostNotices))
        }
        var confirmer: String?
        if case .confirmed(let device) = escalation.end {
            for member in try [escalation.message] + children(of: escalation.message) where confirmer == nil {
                confirmer = try delivery(of: member, to: device)?.deviceID
            }
        }
        return EscalationHistory(escalation: escalation, steps: steps, confirmer: confirmer)
    }
}
