/// Whoever uses credentials of apps: a vendor's adapter, or a listener that knows its clients by them.
package protocol CredentialHolder: Sendable {
    /// What the credentials are for, as it is stored and shown.
    var route: Route { get }
    /// The credential with the name that goes with it.
    /// - Throws: `ApusError` that says what is wrong with it.
    func checked(_ credential: Credential) throws(ApusError) -> Credential
    /// Works with these from now on, and with no others. Their secrets are in clear.
    func use(_ credentials: [Credential]) async
}
