package import ApusCore
package import NIOCore

/// How the XMPP server behaves. The same for every connection.
package struct XMPPSettings: Sendable {
    /// Our name, the part of addresses behind the `@`.
    package var domain = "localhost"
    /// Where distributors register endpoints (UnifiedPush); a domain below ours, or beside it.
    package var gateway = "up.localhost"
    /// The app that devices register into by themselves (XEP-0077); nil if they cannot.
    package var registrationApp: String?
    /// How many may register from one address in a minute.
    package var registrationsPerMinute = 120
    /// Whether streams can be encrypted.
    package var offersTLS = false
    /// Whether nobody logs in on a stream that is not encrypted.
    package var requiresTLS = false
    /// Whether passwords may come over a stream that is not encrypted; digests and SCRAM always may.
    package var allowsPlainPasswords = false
    /// Of the notifications of AndroidPN clients (seed 000).
    package var notificationNamespace = "androidpn:iq:notification"
    /// Clients with this resource get AndroidPN notifications however they log in.
    package var notificationResource = "AndroidpnClient"
    /// How long a client may take to log in.
    package var loginTime = TimeAmount.seconds(60)
    /// How long it may take to send the rest of a stanza, or to close its stream after we closed ours.
    package var stanzaTime = TimeAmount.seconds(60)
    /// How long a client may be silent before it is asked for a sign of life.
    package var pingAfter = TimeAmount.seconds(300)
    /// How long a stream that broke can be resumed (XEP-0198).
    package var resumeTime = TimeAmount.seconds(300)
    /// Connections from one address; 0 is as many as there may be.
    package var connectionsPerAddress = 0
    /// Seconds that a message from one account to another waits for it.
    package var messageTimeToLive: Int64 = 3 * 86_400
    /// Bytes of the subject and the body of such a message.
    package var largestPayload = Reloadable(4096)

    package init() {}
}
