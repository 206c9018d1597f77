import ApusCore
import ApusAPNs
import ApusHTTP
import ApusXMPP
import Logging
import NIOCore

extension SessionSettings {
    init(_ configuration: Configuration.Sessions) {
        self.init()
        window = configuration.window
        pageSize = configuration.pageSize
        resendAfter = .milliseconds(configuration.resendAfter.milliseconds)
        longestResend = .milliseconds(configuration.longestResend.milliseconds)
        pingAfter = .milliseconds(configuration.pingAfter.milliseconds)
        pingTimeout = .milliseconds(configuration.pingTimeout.milliseconds)
        reconnectsPerSecond = configuration.reconnectsPerSecond
    }
}

extension JournalRetention {
    init(_ configuration: Configuration.Events) {
        self.init()
        seconds = configuration.retention.milliseconds / 1000
        events = configuration.isOn ? Int64(configuration.kept) : 0
    }
}

extension WebhookSettings {
    init(_ configuration: Configuration.Webhooks) {
        self.init()
        batch = configuration.batch
        attempts = configuration.attempts
    }
}

extension Configuration.Events {
    /// Whether there is a journal.
    var isOn: Bool { retention > .zero }
}

extension XMPPSettings {
    init(_ configuration: Configuration, largestPayload: Reloadable<Int>) {
        self.init()
        self.largestPayload = largestPayload
        let xmpp = configuration.xmpp
        domain = xmpp.domain
        gateway = configuration.unifiedPush.domain ?? "up.\(xmpp.domain)"
        registrationApp = xmpp.registerApp
        registrationsPerMinute = xmpp.registrationsPerMinute
        requiresTLS = xmpp.requiresTLS
        allowsPlainPasswords = xmpp.allowsPlainPasswords
        notificationNamespace = xmpp.notificationNamespace
        notificationResource = xmpp.notificationResource
        loginTime = .milliseconds(xmpp.loginTime.milliseconds)
        pingAfter = .milliseconds(xmpp.pingAfter.milliseconds)
        resumeTime = .milliseconds(xmpp.resumeTime.milliseconds)
        connectionsPerAddress = xmpp.connectionsPerAddress
        messageTimeToLive = configuration.messages.defaultTimeToLive.milliseconds / 1000
    }
}

extension Configuration.XMPP {
    /// Whether there is anything to listen for.
    var isOn: Bool { port != nil || tlsPort != nil || componentPort != nil }
}

extension XMPPService.Ports {
    init(_ configuration: Configuration.XMPP) {
        self.init(
            client: configuration.port, directTLS: configuration.tlsPort, component: configuration.componentPort)
    }
}

extension ComponentSettings {
    init(_ configuration: Configuration.XMPP) {
        self.init()
        secret = configuration.componentSecret
        domains = configuration.componentDomains
    }
}

extension LegacyGatewaySettings {
    init(_ configuration: Configuration.LegacyAPNs) {
        self.init()
        payloadLimit = configuration.payload
        payloadMode = configuration.payloadMode.mode
    }
}

extension Configuration.LegacyAPNs {
    /// Whether there is anything to listen for.
    var isOn: Bool { port != nil || feedbackPort != nil }

    /// The apps of the addresses that need no certificate.
    var allowed: [String: String] {
        var apps: [String: String] = [:]
        for entry in allow {
            let parts = entry.split(separator: "=").map(String.init)
            if parts.count == 2 { apps[parts[0]] = parts[1] }
        }
        return apps
    }
}

extension ComponentGatewaySettings {
    /// - Returns: nil if the gateway is not to be a component.
    init?(_ configuration: Configuration.UnifiedPush) throws {
        guard let host = configuration.componentHost, let domain = configuration.componentDomain,
            let secret = configuration.componentSecret
        else { return nil }
        let client = try ComponentClientSettings(
            domain: domain, secret: secret, host: host, port: configuration.componentPort)
        self.init(client: client, appID: configuration.componentApp, domains: configuration.componentAllow)
    }
}

extension EndpointSettings {
    init(_ configuration: Configuration.UnifiedPush) {
        self.init()
        defaultTimeToLive = configuration.defaultTimeToLive.milliseconds / 1000
        longestTimeToLive = configuration.longestTimeToLive.milliseconds / 1000
        pushesPerSecond = configuration.rate
        burst = configuration.burst
    }
}

extension BusinessSettings {
    init(_ configuration: Configuration) {
        self.init()
        appID = configuration.business.app
        scanSeconds = configuration.business.scanEvery.milliseconds / 1000
        tokenSeconds = configuration.business.tokenLifetime.milliseconds / 1000
        timeToLive = configuration.messages.defaultTimeToLive.milliseconds / 1000
    }
}

extension BusinessContext {
    init(
        _ configuration: Configuration, largestPayload: Reloadable<Int>, dispatcher: Dispatcher, apps: AppRegistry,
        senders: [any NotificationSender], logger: Logger
    ) {
        var settings = BusinessSettings(configuration)
        settings.largestPayload = largestPayload
        self.init(
            settings: settings,
            centre: MessageCentre(
                dispatcher: dispatcher, apps: apps, settings: settings, senders: senders, logger: logger),
            guessesPerMinute: configuration.business.guesses)
    }
}

extension AuditBook {
    convenience init(_ configuration: Configuration.Audit, box: SecretBox, logger: Logger) {
        let interval = TimeAmount.milliseconds(configuration.sendInterval.milliseconds)
        self.init(
            seals: AuditSeals(box), sendInterval: configuration.sends == .summary ? interval : nil, logger: logger)
    }
}

extension TrustedProxies {
    init(_ configuration: Configuration.HTTP) {
        self.init(configuration.trustedProxies.compactMap { AddressRange($0) })
    }
}

extension Retention {
    init(_ configuration: Configuration.Retention) {
        self.init(age: configuration.messages.milliseconds / 1000, count: Int64(configuration.count))
    }
}

extension DispatchLimits {
    init(_ configuration: Configuration.Limits) {
        self.init()
        queuedAccepts = configuration.queuedRequests
    }
}

extension HTTPServerContext.Limits {
    init(_ configuration: Configuration) {
        self.init()
        body = configuration.limits.body
        batchBody = configuration.limits.batchBody
        frame = configuration.sessions.largestFrame
        endpoints = EndpointSettings(configuration.unifiedPush)
        send.payload = configuration.limits.payload
        send.audiences = configuration.limits.audiences
        send.batch = configuration.limits.batchMessages
        send.defaultTimeToLive = configuration.messages.defaultTimeToLive.milliseconds / 1000
        send.longestTimeToLive = configuration.messages.longestTimeToLive.milliseconds / 1000
    }
}

extension LogOutput.Settings {
    init(_ configuration: Configuration.Log) {
        level = configuration.level
        format = configuration.format
    }
}
