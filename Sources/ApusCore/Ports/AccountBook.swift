/// Makes and changes accounts, for whoever administers them. The protocol of the accounts defines what a name and a
/// password may be and what is kept of them. `act` is what the audit says of a change; nil if nobody administers.
package protocol AccountBook: Sendable {
    /// - Parameter keepsPassword: whether the password can be read back, as digests need; nil for the default.
    /// - Throws: `ApusError` if the name is taken, or the name or the password cannot be used.
    func add(_ name: String, password: String, to app: App, keepsPassword: Bool?, noting act: AuditAct?) async throws
        -> Account
    /// Changes the password and ends the account's connection.
    /// - Parameter keepsPassword: as above; nil leaves it as it is.
    /// - Throws: `ApusError` if there is no such account, or the password cannot be used.
    func setPassword(_ password: String, of name: String, keepsPassword: Bool?, noting act: AuditAct?) async throws
    /// Ends the account, its device and its connection.
    /// - Throws: `ApusError` if there is no such account.
    func remove(_ name: String, noting act: AuditAct?) async throws
}
