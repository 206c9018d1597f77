/// What an app proves to a vendor that it may send.
package struct Credential: Sendable, Equatable {
    package let app: AppNumber
    package let appID: String
    /// The vendor's route.
    package let route: Route
    /// Tells credentials of one app and vendor apart; the vendor's adapter says what it means.
    package let name: String
    /// What anybody may see: the text of a JSON object.
    package let settings: String
    /// What nobody may see, the text of a JSON object; encrypted where it is stored.
    package let secret: [UInt8]
    package let createdAt: Timestamp

    package init(
        app: AppNumber, appID: String, route: Route, name: String, settings: String, secret: [UInt8],
        createdAt: Timestamp
    ) {
        self.app = app
        self.appID = appID
        self.route = route
        self.name = name
        self.settings = settings
        self.secret = secret
        self.createdAt = createdAt
    }

    /// What the secret is sealed for: it cannot be opened as another app's or vendor's.
    var sealingName: String { "credential:\(appID):\(route.rawValue):\(name)" }

    func with(secret: [UInt8]) -> Credential {
        Credential(
            app: app, appID: appID, route: route, name: name, settings: settings, secret: secret, createdAt: createdAt)
    }
}
