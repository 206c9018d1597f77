package import ApusCore

/// A way to APNs: credentials, environment and server. Connections belong to one lane, because APNs does not take
/// notifications of several teams on one.
package struct APNsLane: Sendable {
    /// Unique within a client.
    package let name: String
    package let environment: APNsEnvironment
    package let endpoint: APNsEndpoint
    package let credentials: APNsCredentials
    package var limits = APNsLimits()
    package var deathGuard = TokenDeathGuard.Settings()

    /// - Parameter endpoint: takes the place of Apple's, for a stand-in or a proxy.
    package init(
        name: String, environment: APNsEnvironment, credentials: APNsCredentials, endpoint: APNsEndpoint? = nil
    ) {
        self.name = name
        self.environment = environment
        self.credentials = credentials
        self.endpoint = endpoint ?? environment.endpoint()
    }
}
