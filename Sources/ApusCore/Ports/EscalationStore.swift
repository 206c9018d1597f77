// Escalation's part of the store: policies of apps, and what is under way.

package protocol EscalationSnapshot {
    /// Of the apps that have one.
    func routePolicies() throws -> [AppNumber: RoutePolicy]
    /// Whether a confirmation may stop anything.
    func hasFamilies() throws -> Bool
    /// What has something to do, the longest due first.
    func dueEscalations(at now: Timestamp, limit: Int) throws -> [Escalation]
    /// The escalation that the message began, or that made it.
    func escalation(of message: MessageID) throws -> Escalation?
    /// The one under way that a confirmation of the message ends.
    func family(of message: MessageID) throws -> Escalation?
    /// The messages that steps made, in their order.
    func children(of message: MessageID) throws -> [MessageID]
    /// The steps that were taken, in their order.
    func escalationRecords(of message: MessageID) throws -> [EscalationRecord]
    /// The aliases that a message's deliveries are for, each with whether it was reached. Devices that were given to
    /// somebody else do not count.
    func recipients(of message: MessageID, limit: Int) throws -> [String: Bool]
    /// The phone number that a device of the alias was registered with last.
    func mobile(of alias: String, app: AppNumber, tenant: String) throws -> String?
    /// What the open deliveries of a message may need vendors for.
    func openKinds(of message: MessageID) throws -> [DeviceKind]
    /// Notices in the order of their users.
    func notices(of row: Int64, limit: Int) throws -> [Notice]
    /// Whether the escalation whose step this is was stopped.
    func isStopped(step: Int64) throws -> Bool
}

package protocol EscalationTransaction: EscalationSnapshot {
    func setPolicy(_ policy: RoutePolicy, of app: AppNumber) throws
    func insert(_ escalation: Escalation) throws
    func update(_ escalation: Escalation) throws
    /// - Returns: its id.
    func insert(_ record: EscalationRecord) throws -> Int64
    /// Puts the open deliveries of a message to devices of a kind into a vendor's outbox, unless that vendor had them.
    /// - Returns: how many were put there.
    func putIntoOutbox(of route: Route, _ app: AppNumber, _ message: MessageID, _ kind: DeviceKind) throws -> Int
    /// Cancels notices of an escalation that no sender has.
    func cancelNotices(of message: MessageID) throws
}

/// What decides which vendor reaches a device.
package struct DeviceKind: Hashable, Sendable {
    package let platform: Platform
    package let vendor: Route?

    package init(platform: Platform, vendor: Route?) {
        self.platform = platform
        self.vendor = vendor
    }
}
