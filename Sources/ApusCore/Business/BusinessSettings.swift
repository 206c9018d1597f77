/// What the business system's part of Apus is told by the configuration.
package struct BusinessSettings: Sendable {
    /// The id of the app whose devices the users are logged in on, unless a call's key names another.
    package var appID = "business"
    /// Seconds between two looks at what other programs wrote into the tables.
    package var scanSeconds: Int64 = 60
    /// Bytes of title, content and extra parameters of a push together.
    package var largestPayload = Reloadable(4096)
    /// Seconds that a push waits for a device.
    package var timeToLive: Int64 = 3 * 86_400
    /// Seconds that an access token holds.
    package var tokenSeconds: Int64 = 30 * 86_400

    package init() {}
}
