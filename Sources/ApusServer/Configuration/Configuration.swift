package import Logging

/// Everything that an operator can set, with the values that hold when nothing is set.
///
/// What each member means, and what it may be, is said once: in `ConfigurationKey.all`. Sizes are in bytes.
package struct Configuration: Sendable {
    package var server = Server()
    package var http = HTTP()
    package var log = Log()
    package var limits = Limits()
    package var messages = Messages()
    package var sessions = Sessions()
    package var retention = Retention()
    package var events = Events()
    package var webhooks = Webhooks()
    package var storage = Storage()
    package var tls = TLS()
    package var xmpp = XMPP()
    package var legacyAPNs = LegacyAPNs()
    package var unifiedPush = UnifiedPush()
    package var webPush = WebPush()
    package var outgoing = Outgoing()
    package var business = Business()
    package var audit = Audit()

    /// Where each key that is not a default was set, by the key's name.
    package var origins: [String: ConfigurationOrigin] = [:]

    /// The defaults.
    package init() {}

    package struct Server: Sendable {
        package var host = "127.0.0.1"
        /// 0 is any free port.
        package var port = 8080
        package var dataDirectory = "./data"
        /// `nil` if none is set: then the one kept in the data directory holds.
        package var adminToken: String?
        /// `nil` is one in the data directory.
        package var keyFile: String?
        package var replacesKey = false
        package var isDemo = false
        /// Whether HTTP and WebSocket connections are encrypted.
        package var isEncrypted = false
        /// 0 is one for each processor that this process may use.
        package var eventLoops = 0
        package var drainTime = Duration.seconds(15)
    }

    package struct HTTP: Sendable {
        /// Addresses and ranges.
        package var trustedProxies: [String] = []
    }

    package struct Log: Sendable {
        package var level = Logger.Level.info
        package var format = LogFormat.text
    }

    package struct Limits: Sendable {
        package var payload = 4 * 1024
        package var body = 64 * 1024
        package var batchBody = 8 * 1024 * 1024
        package var batchMessages = 1000
        package var audiences = 1000
        /// Messages per second and app; 0 is unlimited.
        package var appRate = 50_000
        package var queuedRequests = 20_000
        /// From one address in a minute; 0 is unlimited.
        package var guesses = 30
    }

    package struct Messages: Sendable {
        package var defaultTimeToLive = Duration.days(3)
        package var longestTimeToLive = Duration.days(3)
        package var smsAfter = Duration.seconds(600)
    }

    package struct Sessions: Sendable {
        package var window = 128
        package var pageSize = 64
        package var resendAfter = Duration.seconds(10)
        package var longestResend = Duration.seconds(300)
        package var pingAfter = Duration.seconds(60)
        package var pingTimeout = Duration.seconds(30)
        package var largestFrame = 64 * 1024
        package var reconnectsPerSecond = 1000
    }

    package struct Retention: Sendable {
        package var messages = Duration.days(7)
        /// Of each app; 0 is as many as there are.
        package var count = 0
    }

    package struct Events: Sendable {
        /// 0 is no journal.
        package var retention = Duration.days(3)
        package var kept = 50_000_000
        package var listeners = 256
    }

    package struct Webhooks: Sendable {
        package var batch = 100
        package var attempts = 12
        package var timeout = Duration.seconds(10)
    }

    package struct Storage: Sendable {
        /// 0 is as much as the disk has.
        package var largestFile = 0
        /// Below that the server is not ready; 0 is not to look.
        package var leastFree = 64 << 20
    }

    package struct TLS: Sendable {
        /// `nil` is a self-signed one in the data directory, made when it is first needed.
        package var certificate: String?
        package var privateKey: String?
        package var minimumVersion = TLSMinimumVersion.v12
    }

    package struct XMPP: Sendable {
        /// `nil` is not to listen, 0 any free port. So are the other ports.
        package var port: Int?
        package var tlsPort: Int?
        package var domain = "localhost"
        package var registerApp: String?
        package var registrationsPerMinute = 120
        package var requiresTLS = false
        package var allowsPlainPasswords = false
        package var keepsPasswords = true
        package var notificationNamespace = "androidpn:iq:notification"
        package var notificationResource = "AndroidpnClient"
        package var loginTime = Duration.seconds(60)
        package var pingAfter = Duration.seconds(300)
        package var resumeTime = Duration.seconds(300)
        /// 0 is as many as there may be.
        package var connectionsPerAddress = 0
        package var componentPort: Int?
        package var componentSecret: String?
        /// Empty is any.
        package var componentDomains: [String] = []
    }

    package struct Business: Sendable {
        /// To one receiver; 0 is as many as there are.
        package var smsPerDay = 0
        package var mailsPerDay = 0
        package var app = "business"
        package var scanEvery = Duration.seconds(60)
        package var tokenLifetime = Duration.days(30)
        /// Of one user's password in a minute; 0 is unlimited.
        package var guesses = 10
    }

    package struct UnifiedPush: Sendable {
        /// `nil` is the address that the server listens on.
        package var url: String?
        /// `nil` is `up.` and the XMPP server's domain.
        package var domain: String?
        package var lifetime = Duration.days(30)
        package var defaultTimeToLive = Duration.days(1)
        package var longestTimeToLive = Duration.days(28)
        package var rate = 10
        package var burst = 500
        /// `nil` is to be a component of no other server.
        package var componentHost: String?
        package var componentPort = 5347
        package var componentDomain: String?
        package var componentSecret: String?
        package var componentApp = "unifiedpush"
        /// Empty is the domain that the component's is below.
        package var componentAllow: [String] = []
    }

    package struct WebPush: Sendable {
        package var allowsPlainHTTP = false
    }

    package struct Outgoing: Sendable {
        package var allow: [String] = []
    }

    package struct Audit: Sendable {
        package var sends = AuditedSends.summary
        package var sendInterval = Duration.seconds(600)
    }

    package struct LegacyAPNs: Sendable {
        /// `nil` is not to listen, 0 any free port.
        package var port: Int?
        package var feedbackPort: Int?
        package var clientAuthority: String?
        /// Each is `address=app`.
        package var allow: [String] = []
        package var payload = 2048
        package var payloadMode = LegacyPayloadMode.lenient
        package var allowsOldTLS = false
    }
}

extension Duration {
    static func days(_ count: Int64) -> Duration { .seconds(count * 86_400) }

    /// The whole milliseconds of this duration; a smaller rest is dropped.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
