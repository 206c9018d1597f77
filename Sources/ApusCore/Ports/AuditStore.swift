// The audit's part of the store.

package protocol AuditSnapshot {
    /// Nil if nothing was ever written.
    func auditHead() throws -> AuditHead?
    func lastAuditEntry() throws -> AuditEntry?
    /// In order, from behind `after`.
    func auditEntries(after: Int64, limit: Int) throws -> [AuditEntry]
    /// The latest first, from before `before`.
    func auditEntries(_ filter: AuditFilter, before: Int64?, limit: Int) throws -> [AuditEntry]
    /// What was accepted behind `message`, each app by itself.
    func messagesByApp(after message: MessageID) throws -> [AppMessages]
}

package protocol AuditTransaction: AuditSnapshot {
    func append(_ entry: AuditEntry) throws
    func setAuditHead(_ head: AuditHead) throws
}

/// Messages of an app.
package struct AppMessages: Sendable, Equatable {
    package let appID: String
    package let messages: Int
    package let first: MessageID
    package let last: MessageID

    package init(appID: String, messages: Int, first: MessageID, last: MessageID) {
        self.appID = appID
        self.messages = messages
        self.first = first
        self.last = last
    }
}
