/// A token of somebody who works with this server. The token itself is shown once and never stored.
package struct AdminToken: Sendable, Equatable {
    /// Unique; what people and the audit know it by.
    package let name: String
    package let role: Role
    /// The only app that it is for; nil for all.
    package let appID: String?
    package let hash: SecretHash
    package let createdAt: Timestamp
    /// From then on it lets nobody in; nil for never.
    package let expiresAt: Timestamp?
    /// The hour in which it was last used; nil if it was not.
    package var usedAt: Timestamp?

    package init(
        name: String, role: Role, appID: String? = nil, hash: SecretHash, createdAt: Timestamp,
        expiresAt: Timestamp? = nil, usedAt: Timestamp? = nil
    ) {
        self.name = name
        self.role = role
        self.appID = appID
        self.hash = hash
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.usedAt = usedAt
    }

    package func isExpired(at now: Timestamp) -> Bool {
        expiresAt.map { $0 <= now } ?? false
    }

    /// Whether its bearer may do everything.
    func administers(at now: Timestamp) -> Bool {
        role == .admin && appID == nil && !isExpired(at: now)
    }
}
