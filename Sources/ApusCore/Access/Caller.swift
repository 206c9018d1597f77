/// Who asks for something, from where, and what they may do.
package struct Caller: Sendable, Hashable {
    package enum Actor: Sendable, Hashable, CustomStringConvertible {
        /// The bearer of the token with this name.
        case token(String)
        /// Whoever has the key of the app with this id.
        case app(String)
        package var description: String {
            switch self {
            case .token(let name): "token:\(name)"
            case .app(let id): "app:\(id)"
            }
        }
    }

    package let actor: Actor
    package let address: IPAddress?
    package let role: Role
    /// The only app that they may do it for; nil for all.
    package let appID: String?
    /// The hash of the token or key that they showed.
    package let proof: SecretHash

    package init(_ token: AdminToken, from address: IPAddress?) {
        actor = .token(token.name)
        self.address = address
        role = token.role
        appID = token.appID
        proof = token.hash
    }

    /// Who has an app's key sends for it.
    package init(_ app: App, from address: IPAddress?) {
        actor = .app(app.id)
        self.address = address
        role = .sender
        appID = app.id
        proof = app.keyHash
    }

    /// - Parameter app: the app that it is about, if it is about one.
    /// - Throws: unless they may do what this role may, for this app.
    package func require(_ role: Role, of app: String?) throws(ApusError) {
        guard self.role >= role else {
            throw ApusError(
                .forbidden, code: "role_required",
                "This needs a token of the role \(role.rawValue); the role of \(actor) is \(self.role.rawValue).")
        }
        guard let appID, appID != app else { return }
        throw ApusError(
            .forbidden, code: "another_app", "\(actor) is for the app \(appID) only, and this is not about that app.")
    }
}
