/// Who asks for something, and what they may do.
package struct Caller: Sendable {
    package let origin: Origin
    package let role: Role
    /// The only app that they may do it for; nil for all.
    package let appID: String?
    /// The hash of the token or key that they showed.
    package let proof: SecretHash

    package init(_ token: AdminToken, from address: IPAddress?) {
        origin = Origin(.token(token.name), from: address)
        role = token.role
        appID = token.appID
        proof = token.hash
    }

    /// Who has an app's key sends for it.
    package init(_ app: App, _ key: String, from address: IPAddress?) {
        origin = Origin(.app(app.id), from: address)
        role = .sender
        appID = app.id
        proof = SecretHash(of: key)
    }

    /// - Parameter app: the app that it is about, if it is about one.
    /// - Throws: unless they may do what this role may, for this app.
    package func require(_ role: Role, of app: String?) throws(ApusError) {
        guard self.role >= role else {
            throw ApusError(
                .forbidden, code: "role_required",
                "This needs a token of the role \(role.rawValue); the role of \(origin.actor) is \(self.role.rawValue)."
            )
        }
        guard let appID, appID != app else { return }
        throw ApusError(
            .forbidden, code: "another_app",
            "\(origin.actor) is for the app \(appID) only, and this is not about that app.")
    }
}
