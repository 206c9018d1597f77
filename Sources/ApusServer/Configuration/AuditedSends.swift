/// What the audit says of messages that were sent.
package enum AuditedSends: String, CaseIterable, Sendable {
    case off
    /// How many were sent, by whom and from where.
    case summary
}
