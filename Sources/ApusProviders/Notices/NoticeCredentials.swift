package import ApusCore

/// The credentials of one service that notices are sent through. An app has one of each.
final class NoticeCredentials: CredentialHolder {
    static let name = "default"

    let route: Route
    private let check: @Sendable (Credential) throws(ApusError) -> Void
    private let change: @Sendable ([Credential]) async -> Void

    /// - Parameters:
    ///   - check: throws if the credential cannot be used.
    ///   - change: works with these from now on.
    init(
        _ route: Route, check: @escaping @Sendable (Credential) throws(ApusError) -> Void,
        change: @escaping @Sendable ([Credential]) async -> Void
    ) {
        self.route = route
        self.check = check
        self.change = change
    }

    func checked(_ credential: Credential) throws(ApusError) -> Credential {
        try check(credential)
        return Credential(
            app: credential.app, appID: credential.appID, route: route, name: Self.name, settings: credential.settings,
            secret: credential.secret, createdAt: credential.createdAt)
    }

    func use(_ credentials: [Credential]) async {
        await change(credentials)
    }
}
