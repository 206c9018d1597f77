extension ConfigurationKey {
    /// Every key there is, in the order in which they are shown.
    package static let all: [ConfigurationKey] =
        server + http + log + limits + messages + sessions + retention + events + webhooks + storage + tls + xmpp
        + legacyAPNs + unifiedPush + outgoing + business + audit

    private static let server: [ConfigurationKey] = [
        .init("server.host", \.server.host, .text, "The address to listen on"),
        .init("server.port", \.server.port, .integer(0...65_535), "The port to listen on, 0 is any free one"),
        .init(
            "server.tls", \.server.isEncrypted, .boolean,
            "Speak https and wss on that port, with tls.certificate, instead of http and ws"),
        .init("server.data_dir", \.server.dataDirectory, .text, "The directory of the database; made if missing"),
        .init(
            "server.admin_token", \.server.adminToken, .optionalText, isSecret: true, isReloadable: true,
            "The token of administrators; if none is set, one is made and printed at the first start"),
        .init(
            "server.key_file", \.server.keyFile, .optionalText,
            "The file of the key that secrets are encrypted with; if none is set, secret.key in the data directory"),
        .init(
            "server.replace_key", \.server.replacesKey, .boolean,
            "Start with another key file than the one that the database was written with, as that is lost"),
        .init(
            "server.demo", \.server.isDemo, .boolean,
            "Let anyone make apps without a token; only on a loopback address"),
        .init(
            "server.event_loops", \.server.eventLoops, .integer(0...1024),
            "Threads for connections, 0 is one for each processor that the process may use"),
        .init(
            "server.drain_time", \.server.drainTime, .duration(.zero ... .seconds(600)), isReloadable: true,
            "How long a stop may take to finish what is under way; then the process ends as it is"),
    ]

    private static let http: [ConfigurationKey] = [
        .init(
            "http.trusted_proxies", \.http.trustedProxies, .list,
            "Addresses and networks of proxies, such as 10.0.0.0/8, that are believed when they say whom they speak for"
        )
    ]

    private static let log: [ConfigurationKey] = [
        .init("log.level", \.log.level, .choice(), isReloadable: true, "The least severe level that is logged"),
        .init(
            "log.format", \.log.format, .choice(), isReloadable: true,
            "How log lines are written: for people (text) or for programs (json)"),
    ]

    private static let limits: [ConfigurationKey] = [
        .init(
            "limits.payload", \.limits.payload, .size(.kilobytes(1) ... .megabytes(1)), isReloadable: true,
            "The largest alert, title, uri, extra and smsMessage of a message together"),
        .init(
            "limits.body", \.limits.body, .size(.kilobytes(1) ... .megabytes(64)), isReloadable: true,
            "The largest body of a request"),
        .init(
            "limits.batch_body", \.limits.batchBody, .size(.kilobytes(1) ... .gigabytes(1)), isReloadable: true,
            "The largest body of a batch request"),
        .init(
            "limits.batch_messages", \.limits.batchMessages, .integer(1...100_000), isReloadable: true,
            "The most messages in a batch request"),
        .init(
            "limits.audiences", \.limits.audiences, .integer(1...100_000), isReloadable: true,
            "The most audiences of a message"),
        .init(
            "limits.app_rate", \.limits.appRate, .integer(0...10_000_000), isReloadable: true,
            "The most messages per second of one app, 0 is unlimited"),
        .init(
            "limits.queued_requests", \.limits.queuedRequests, .integer(1...10_000_000), isReloadable: true,
            "The most requests that wait to be written; further ones are refused"),
        .init(
            "limits.guesses", \.limits.guesses, .integer(0...1_000_000),
            "Wrong keys of one app, or wrong tokens, from one address in a minute, ten times as many in all; 0 is unlimited"
        ),
    ]

    private static let messages: [ConfigurationKey] = [
        .init(
            "messages.default_time_to_live", \.messages.defaultTimeToLive, .duration(.seconds(1) ... .days(365)),
            "How long a message waits for its devices if it does not say so itself"),
        .init(
            "messages.longest_time_to_live", \.messages.longestTimeToLive, .duration(.seconds(1) ... .days(365)),
            "The longest that a message may ask to wait; more is cut to this"),
        .init(
            "messages.sms_after", \.messages.smsAfter, .duration(.zero ... .days(30)),
            "How long after a message its smsMessage goes out as SMS to whom it has not reached; 0 is never"),
    ]

    private static let sessions: [ConfigurationKey] = [
        .init(
            "sessions.window", \.sessions.window, .integer(1...10_000),
            "How many unconfirmed messages a device may have; further ones wait in the store"),
        .init(
            "sessions.page_size", \.sessions.pageSize, .integer(1...10_000),
            "How many messages are read from the store at once when a device catches up"),
        .init(
            "sessions.resend_after", \.sessions.resendAfter, .duration(.milliseconds(100) ... .days(1)),
            "How long a confirmation is awaited before the first resend; it doubles with each"),
        .init(
            "sessions.longest_resend", \.sessions.longestResend, .duration(.milliseconds(100) ... .days(1)),
            "The longest that a confirmation is awaited before a resend"),
        .init(
            "sessions.ping_after", \.sessions.pingAfter, .duration(.seconds(1) ... .days(1)),
            "How long a device may be silent before it is asked for a sign of life"),
        .init(
            "sessions.ping_timeout", \.sessions.pingTimeout, .duration(.seconds(1) ... .days(1)),
            "How long it may take to give that sign before its connection is closed"),
        .init(
            "sessions.reconnects_per_second", \.sessions.reconnectsPerSecond, .integer(1...1_000_000),
            "How many devices in a second are asked to come back after a stop"),
        .init(
            "sessions.largest_frame", \.sessions.largestFrame, .size(128 ... .megabytes(16)),
            "The largest frame that a device may send"),
    ]

    private static let retention: [ConfigurationKey] = [
        .init(
            "retention.messages", \.retention.messages, .duration(.seconds(60) ... .days(3650)),
            "How long a message is kept after it was accepted or its `sendAt`, and at least until it expires"),
        .init(
            "retention.count", \.retention.count, .integer(0...10_000_000),
            "How many messages of an app are kept, the latest ones and all that have not expired; 0 is any number"),
    ]

    private static let events: [ConfigurationKey] = [
        .init(
            "events.retention", \.events.retention, .duration(.zero ... .days(3650)),
            "How long events are kept for those who follow them, 0 is to keep none and to have no events"),
        .init(
            "events.kept", \.events.kept, .integer(1000...1_000_000_000),
            "The most events that are kept, about ten bytes each"),
        .init(
            "events.listeners", \.events.listeners, .integer(1...100_000),
            "How many may listen to events at the same time"),
    ]

    private static let webhooks: [ConfigurationKey] = [
        .init("webhooks.batch", \.webhooks.batch, .integer(1...1000), "The most events in a post"),
        .init(
            "webhooks.attempts", \.webhooks.attempts, .integer(1...100),
            "How often a post is tried before it becomes a dead letter, after 5s and then twice as long each time"),
        .init(
            "webhooks.timeout", \.webhooks.timeout, .duration(.seconds(1) ... .seconds(120)),
            "How long a receiver may take to answer"),
    ]

    private static let storage: [ConfigurationKey] = [
        .init(
            "storage.largest_file", \.storage.largestFile, .size(0 ... .terabytes(16)),
            "The largest that the database file may grow, 0 is as much as the disk has"),
        .init(
            "storage.least_free", \.storage.leastFree, .size(0 ... .terabytes(16)),
            "What must be free on the disk of the data directory for the server to call itself ready, 0 is nothing"),
    ]

    private static let tls: [ConfigurationKey] = [
        .init(
            "tls.certificate", \.tls.certificate, .optionalText, isReloadable: true,
            "The PEM file of the certificate and its chain; if none is set, a self-signed one is made when it is needed"
        ),
        .init(
            "tls.private_key", \.tls.privateKey, .optionalText, isReloadable: true,
            "The PEM file of the certificate's key"),
        .init(
            "tls.minimum_version", \.tls.minimumVersion, .choice(), isReloadable: true,
            "The oldest version of TLS that is spoken; devices from before Android 5 need 1.0"),
    ]

    private static let xmpp: [ConfigurationKey] = [
        .init(
            "xmpp.port", \.xmpp.port, .optionalInteger(0...65_535),
            "The port for XMPP clients, usually 5222; if none is set, there is no XMPP server"),
        .init(
            "xmpp.tls_port", \.xmpp.tlsPort, .optionalInteger(0...65_535),
            "The port for XMPP clients that encrypt from the start, usually 5223"),
        .init("xmpp.domain", \.xmpp.domain, .text, "The server's name in XMPP, the part behind the @ of addresses"),
        .init(
            "xmpp.register_app", \.xmpp.registerApp, .optionalText,
            "The id of the app that devices register into by themselves; if none is set, they cannot"),
        .init(
            "xmpp.registrations_per_minute", \.xmpp.registrationsPerMinute, .integer(1...1_000_000),
            "How many devices may register from one address in a minute"),
        .init(
            "xmpp.require_tls", \.xmpp.requiresTLS, .boolean,
            "Let nobody log in over a connection that is not encrypted"),
        .init(
            "xmpp.plain_passwords", \.xmpp.allowsPlainPasswords, .boolean,
            "Let clients send their password over a connection that is not encrypted"),
        .init(
            "xmpp.keep_passwords", \.xmpp.keepsPasswords, .boolean,
            "Keep new passwords encrypted, as the digests of AndroidPN need, and not only what SCRAM needs"),
        .init(
            "xmpp.notification_namespace", \.xmpp.notificationNamespace, .text,
            "The namespace of AndroidPN notifications"),
        .init(
            "xmpp.notification_resource", \.xmpp.notificationResource, .text,
            "The resource of clients that get AndroidPN notifications however they log in"),
        .init(
            "xmpp.login_time", \.xmpp.loginTime, .duration(.seconds(1) ... .seconds(3600)),
            "How long a client may take to log in"),
        .init(
            "xmpp.ping_after", \.xmpp.pingAfter, .duration(.seconds(1) ... .days(1)),
            "How long a client may be silent before it is asked for a sign of life"),
        .init(
            "xmpp.resume_time", \.xmpp.resumeTime, .duration(.seconds(1) ... .days(1)),
            "How long a stream that broke can be resumed"),
        .init(
            "xmpp.connections_per_address", \.xmpp.connectionsPerAddress, .integer(0...1_000_000),
            "The most XMPP connections from one address, 0 is as many as there may be"),
        .init(
            "xmpp.component_port", \.xmpp.componentPort, .optionalInteger(0...65_535),
            "The port for external components, usually 5347; if none is set, none may attach"),
        .init(
            "xmpp.component_secret", \.xmpp.componentSecret, .optionalText, isSecret: true,
            "The secret that proves a component"),
        .init(
            "xmpp.component_domains", \.xmpp.componentDomains, .list,
            "The domains that components may serve; if none is set, any but the server's own"),
    ]

    private static let unifiedPush: [ConfigurationKey] = [
        .init(
            "unifiedpush.url", \.unifiedPush.url, .optionalText,
            "What the URLs of endpoints begin with, as application servers reach this server; if none is set, where it "
                + "listens"),
        .init(
            "unifiedpush.domain", \.unifiedPush.domain, .optionalText,
            "The XMPP address where distributors register; if none is set, up. and xmpp.domain"),
        .init(
            "unifiedpush.lifetime", \.unifiedPush.lifetime, .duration(.seconds(3600) ... .days(3650)),
            "How long a registration holds that its distributor does not renew"),
        .init(
            "unifiedpush.default_time_to_live", \.unifiedPush.defaultTimeToLive, .duration(.zero ... .days(3650)),
            "How long a push waits for its device if its sender says nothing"),
        .init(
            "unifiedpush.longest_time_to_live", \.unifiedPush.longestTimeToLive, .duration(.zero ... .days(3650)),
            "The longest that a push waits for its device"),
        .init(
            "unifiedpush.rate", \.unifiedPush.rate, .integer(0...1_000_000),
            "Pushes to one endpoint in a second, 0 is as many as there may be"),
        .init(
            "unifiedpush.burst", \.unifiedPush.burst, .integer(1...1_000_000),
            "Pushes to one endpoint at once after a quiet time"),
        .init(
            "unifiedpush.component_host", \.unifiedPush.componentHost, .optionalText,
            "Another XMPP server to be a gateway of, as a component; if none is set, there is none"),
        .init(
            "unifiedpush.component_port", \.unifiedPush.componentPort, .integer(1...65_535),
            "That server's port for components"),
        .init(
            "unifiedpush.component_domain", \.unifiedPush.componentDomain, .optionalText,
            "The gateway's address on that server, such as up.example.org"),
        .init(
            "unifiedpush.component_secret", \.unifiedPush.componentSecret, .optionalText, isSecret: true,
            "The secret that the component has with that server"),
        .init(
            "unifiedpush.component_app", \.unifiedPush.componentApp, .text,
            "The id of the app that distributors of that server are devices of"),
        .init(
            "unifiedpush.component_allow", \.unifiedPush.componentAllow, .list,
            "The domains whose users may register there; if none is set, the one that component_domain is below"),
    ]

    private static let outgoing: [ConfigurationKey] = [
        .init(
            "webpush.plain_http", \.webPush.allowsPlainHTTP, .boolean,
            "Let devices subscribe with push services that do not encrypt"),
        .init(
            "outgoing.allow", \.outgoing.allow, .list,
            "Hosts and networks that requests to URLs of others may go to although they are not public, such as "
                + "10.0.0.0/8"),
    ]

    private static let business: [ConfigurationKey] = [
        .init(
            "business.app", \.business.app, .text,
            "The id of the app whose devices the business system's users log in on, unless a call's key is another's"),
        .init(
            "business.scan_every", \.business.scanEvery, .duration(.seconds(1) ... .seconds(86_400)),
            "How often the message centre looks at what other programs wrote into its tables"),
        .init(
            "business.token_lifetime", \.business.tokenLifetime, .duration(.seconds(60) ... .days(3650)),
            "How long the access token of a user holds"),
        .init(
            "business.guesses", \.business.guesses, .integer(0...1_000_000),
            "Attempts at one user's password in a minute, ten times as many from one address, 0 is unlimited"),
        .init(
            "business.sms_per_day", \.business.smsPerDay, .integer(0...1000),
            "SMS to one receiver in a day, half of them in an hour; 0 is as many as there are"),
        .init(
            "business.emails_per_day", \.business.mailsPerDay, .integer(0...1000),
            "E-mails to one receiver in a day, half of them in an hour; 0 is as many as there are"),
    ]

    private static let audit: [ConfigurationKey] = [
        .init(
            "audit.sends", \.audit.sends, .choice(),
            "What the audit says of messages: how many were sent by whom from where, or nothing"),
        .init(
            "audit.send_interval", \.audit.sendInterval, .duration(.seconds(1) ... .days(1)),
            "How long messages of one sender are counted before the audit has an entry of them"),
    ]

    private static let legacyAPNs: [ConfigurationKey] = [
        .init(
            "legacy_apns.port", \.legacyAPNs.port, .optionalInteger(0...65_535),
            "The port for programs that speak Apple's old binary protocol, once 2195; if none is set, there is none"),
        .init(
            "legacy_apns.feedback_port", \.legacyAPNs.feedbackPort, .optionalInteger(0...65_535),
            "The port where such programs ask for dead tokens, once 2196; if none is set, there is none"),
        .init(
            "legacy_apns.client_ca", \.legacyAPNs.clientAuthority, .optionalText,
            "The PEM file of an authority whose certificates let programs in; their user id (UID) is the app's id"),
        .init(
            "legacy_apns.allow", \.legacyAPNs.allow, .list,
            "Addresses whose programs need no certificate, each with its app: 10.0.0.7=APPID"),
        .init(
            "legacy_apns.payload", \.legacyAPNs.payload, .size(256 ... .kilobytes(4)),
            "The largest payload that is taken; Apple took 256B until 2014, then 2KB"),
        .init(
            "legacy_apns.payload_mode", \.legacyAPNs.payloadMode, .choice(),
            "Whether a payload that is not quite JSON is mended (lenient) or refused (strict)"),
        .init(
            "legacy_apns.old_tls", \.legacyAPNs.allowsOldTLS, .boolean,
            "Let programs connect with TLS 1.0 and 1.1, which are broken"),
    ]
}
