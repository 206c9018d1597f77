import ApusCore

extension Credential {
    /// A credential with these settings and secrets.
    static func fixture(_ route: Route, _ settings: [String: String], secret: [String: String] = [:]) -> Credential {
        Credential(
            app: AppNumber(1), appID: "shop", route: route, name: "main", settings: text(settings),
            secret: Array(text(secret).utf8), createdAt: Timestamp(milliseconds: 0))
    }

    private static func text(_ values: [String: String]) -> String {
        var members = JSONMembers()
        for (name, value) in values { members[name] = value }
        return members.text
    }
}
