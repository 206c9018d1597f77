package import ApusCore

/// What application servers may post to endpoints.
package struct EndpointSettings: Sendable {
    /// Bytes of a body (RFC 8030 §7.2: at least 4,096 have to be taken).
    package var largestBody = 4096
    /// Seconds that a push waits for its device if the request says nothing.
    package var defaultTimeToLive: Int64 = 24 * 3600
    /// Seconds that it waits at most.
    package var longestTimeToLive: Int64 = 28 * 24 * 3600
    /// Pushes to one endpoint in a second; 0 for as many as there may be.
    package var pushesPerSecond = 10
    /// Pushes to one endpoint at once after a quiet time.
    package var burst = 500

    /// A push that is not to wait is given so many seconds, which a device on a slow connection needs to answer.
    static let immediate: Int64 = 10

    package init() {}
}
