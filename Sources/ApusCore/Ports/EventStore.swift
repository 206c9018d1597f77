/// The journal: what happened to deliveries, in the order in which it was written; and who is told of it.
package protocol EventSnapshot {
    /// The next events behind `after`, whole as they follow one another. If events behind `after` are gone, the page
    /// begins with the first that is there.
    /// - Returns: nil if there is none.
    func journal(after: EventID, limit: Int) throws -> JournalPage?
    /// The number of the last event that was ever written.
    func lastEvent() throws -> EventID
    /// - Returns: nil if there is no such device.
    func face(of device: DeviceNumber) throws -> DeviceFace?
    /// Webhooks in the order in which they were made, with their secrets encrypted.
    func webhooks() throws -> [Webhook]
}

/// Whoever changes deliveries has it written into the journal, in the same transaction.
package protocol EventTransaction: EventSnapshot {
    /// Events that this transaction wrote so far.
    var eventCount: Int { get }
    /// Removes events that were written before `time`, and those that are further back than `keeping` events, up to
    /// about `limit` commits. The last that were written stay, so that no number is used twice. What was written before
    /// the clock was set back, and says that it comes yet, is as old as what follows it.
    /// - Returns: whether more is left to do.
    func purgeJournal(before time: Timestamp, keeping: Int64, at now: Timestamp, limit: Int) throws -> Bool

    /// Adds the webhook, or changes the one with its id, whose progress then stays.
    func putWebhook(_ webhook: Webhook) throws
    func setProgress(_ progress: WebhookProgress, ofWebhook id: String) throws
    /// Removes the webhook and its dead letters.
    /// - Returns: whether there was one.
    func removeWebhook(_ id: String) throws -> Bool
}
