import ApusAPNs
import ApusCore
import ApusHTTP
import ApusStore
package import ApusXMPP
import CoreMetrics
import Foundation
package import Logging
import NIOCore
import NIOPosix

/// Puts the house together: the only place that knows every adapter.
package final class ApusServer: Sendable {
    private let current: Reloadable<Configuration>
    package let port: Int
    /// Where XMPP clients connect; nil if there is no XMPP server.
    package let xmppPorts: XMPPService.Ports?
    package let logger: Logger
    /// The admin token that was made at this start, to be shown once; nil if there was one already.
    package let newAdminToken: String?
    let maintenance: Maintenance
    let centre: MessageCentre
    let reloader: Reloader
    private let oldestUnsent: OldestUnsent
    private let dispatcher: Dispatcher
    private let hub: EventHub
    private let webhooks: WebhookBook
    private let http: HTTPService
    private let xmpp: XMPPService?
    private let vendors: Vendors
    let legacyAPNs: LegacyAPNsListeners
    private let store: SQLiteMessageStore
    private let group: MultiThreadedEventLoopGroup

    private init(
        configuration: Reloadable<Configuration>, logger: Logger, newAdminToken: String?, maintenance: Maintenance,
        centre: MessageCentre, reloader: Reloader, oldestUnsent: OldestUnsent,
        dispatcher: Dispatcher, hub: EventHub, webhooks: WebhookBook, http: HTTPService, xmpp: XMPPService?,
        vendors: Vendors,
        legacyAPNs: LegacyAPNsListeners,
        store: SQLiteMessageStore, group: MultiThreadedEventLoopGroup
    ) {
        current = configuration
        port = http.port
        xmppPorts = xmpp?.ports
        self.logger = logger
        self.newAdminToken = newAdminToken
        self.maintenance = maintenance
        self.centre = centre
        self.reloader = reloader
        self.oldestUnsent = oldestUnsent
        self.dispatcher = dispatcher
        self.hub = hub
        self.webhooks = webhooks
        self.http = http
        self.xmpp = xmpp
        self.vendors = vendors
        self.legacyAPNs = legacyAPNs
        self.store = store
        self.group = group
    }

    /// What holds at the moment.
    package var configuration: Configuration { current.value }

    /// - Parameter reload: reads the configuration again, when the server is told to.
    package static func start(
        _ configuration: Configuration, reload: @escaping @Sendable () throws -> Configuration
    ) async throws -> ApusServer {
        let logs = LogOutput.standardError(LogOutput.Settings(configuration.log))
        let logger = Logger(label: "apus") { LineLogHandler(label: $0, output: logs) }
        ProcessLimits.raiseDescriptors()
        let store = try SQLiteMessageStore(
            directory: configuration.server.dataDirectory,
            largestFile: configuration.storage.largestFile == 0 ? nil : Int64(configuration.storage.largestFile),
            keepsJournal: configuration.events.isOn)
        let loops = configuration.server.eventLoops == 0 ? ProcessLimits.processors : configuration.server.eventLoops
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        do {
            return try await compose(configuration, reload, store, group, logs, logger)
        } catch {
            try? store.close()
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private static func compose(
        _ configuration: Configuration, _ reload: @escaping @Sendable () throws -> Configuration,
        _ store: SQLiteMessageStore, _ group: MultiThreadedEventLoopGroup, _ logs: LogOutput, _ logger: Logger
    ) async throws -> ApusServer {
        let metrics = PrometheusMetrics()
        let clock = SystemClock()
        let vendors = try Vendors(configuration, group: group, clock: clock, metrics: metrics, logger: logger)
        let check = try store.read { try $0.keyCheck() }
        let box = try KeyFile.open(
            KeyFile.path(configuration), check: check, mayReplace: configuration.server.replacesKey)
        let audit = AuditBook(configuration.audit, box: box, logger: logger)
        if check != box.check {
            // Both or none: a crash in between would look as if somebody had removed the audit's head.
            try store.write { transaction in
                try transaction.setKeyCheck(box.check)
                if check == nil {
                    try audit.begin(in: transaction)
                } else {
                    try audit.beginAnew(in: transaction, at: clock.now)
                }
            }
        }
        let hub = EventHub(store: store, clock: clock, logger: logger)
        let dispatcher = try Dispatcher(
            store: store, eventLoops: Array(group.makeIterator()), clock: clock,
            settings: SessionSettings(configuration.sessions), limits: DispatchLimits(configuration.limits),
            metrics: DeliveryMetrics(factory: metrics), lanes: vendors.all.map { ProviderLane($0) },
            smsAfter: configuration.messages.smsAfter.milliseconds / 1000, events: hub, audit: audit, logger: logger)
        let listeners = EventListeners(configuration.events.isOn ? hub : nil, most: configuration.events.listeners)
        let oldestUnsent = OldestUnsent()
        let budget = ConnectionBudget(most: ProcessLimits.connections)
        addGauges(to: metrics, dispatcher, vendors, oldestUnsent, budget)
        metrics.addGauge("apus_event_listeners") { Double(listeners.count) }
        try await audit.load(dispatcher)
        let tokens = TokenBook(dispatcher: dispatcher, configured: configuration.server.adminToken)
        let newToken = try await tokens.load()
        let apps = AppRegistry(
            apps: try await dispatcher.query { try $0.apps() }, messagesPerSecond: configuration.limits.appRate,
            clock: clock)
        let doorkeeper = Doorkeeper(
            tokens: tokens, apps: apps, guessesPerMinute: configuration.limits.guesses, clock: clock)
        let accounts = XMPPAccountBook(
            dispatcher: dispatcher, box: box, keepsPasswords: configuration.xmpp.keepsPasswords)
        let bridge = LegacyBridge(
            dispatcher: dispatcher, apps: apps, allowed: configuration.legacyAPNs.allowed,
            defaultTimeToLive: configuration.messages.defaultTimeToLive.milliseconds / 1000, logger: logger)
        let credentials = CredentialBook(dispatcher: dispatcher, box: box, others: [bridge] + vendors.credentialHolders)
        let endpoints = EndpointBook(
            dispatcher: dispatcher, box: box,
            lifetimeSeconds: configuration.unifiedPush.lifetime.milliseconds / 1000)
        let largestPayload = Reloadable(configuration.limits.payload)
        let business = BusinessContext(
            configuration, largestPayload: largestPayload, dispatcher: dispatcher, apps: apps,
            senders: [vendors.sms, vendors.mail],
            logger: logger)
        let webhooks = WebhookBook(
            dispatcher: dispatcher, hub: hub, box: box, sender: vendors.webhooks,
            settings: WebhookSettings(configuration.webhooks), metrics: WebhookMetrics(factory: metrics))
        metrics.addGauge("apus_webhook_lag_seconds") { webhooks.lagSeconds }
        let limits = Reloadable(HTTPServerContext.Limits(configuration))
        let readiness = Readiness()
        let limiter = EndpointLimiter(limits.value.endpoints)
        let responder = APIRouter.responder(
            dispatcher: dispatcher, doorkeeper: doorkeeper, audit: audit, accounts: accounts, credentials: credentials,
            endpoints: endpoints, limiter: limiter, business: business, umengJobs: vendors.umengJobs, events: listeners,
            webhooks: webhooks,
            isDemo: configuration.server.isDemo, limits: limits,
            retention: Retention(configuration.retention),
            registrationApp: configuration.xmpp.registerApp, readiness: readiness,
            metrics: metrics, logger: logger)
        let tls = try configuration.needsCertificate ? ServerTLS(ServerTLS.Prepared(configuration)) : nil
        if let expiry = tls?.material.expiry, expiry <= clock.now {
            logger.warning("the certificate has ended: clients refuse it", metadata: ["ended": "\(expiry.rfc3339)"])
        }
        let shared = HTTPServerContext(
            dispatcher: dispatcher, doorkeeper: doorkeeper, proxies: TrustedProxies(configuration.http),
            endpoints: endpoints, limiter: limiter, limits: limits, budget: budget,
            metrics: HTTPMetrics(factory: metrics), tls: configuration.server.isEncrypted ? tls?.http : nil,
            respond: responder)
        let xmppContext =
            configuration.xmpp.isOn
            ? XMPPServerContext(
                dispatcher: dispatcher, apps: apps, accounts: accounts, endpoints: endpoints,
                settings: XMPPSettings(configuration, largestPayload: largestPayload),
                components: ComponentSettings(configuration.xmpp), budget: budget,
                metrics: XMPPMetrics(factory: metrics), tls: tls?.xmpp, logger: logger) : nil
        dispatcher.start()
        try await credentials.load()
        if configuration.events.isOn { try await webhooks.load() }
        let host = configuration.server.host
        let http = try await listening(on: host, configuration.server.port, key: "server.port") {
            try await HTTPService.bind(host: host, port: configuration.server.port, group: group, shared: shared)
        }
        endpoints.baseURL = configuration.unifiedPush.url ?? Banner.url(configuration, port: http.port)
        vendors.gateway?.start(dispatcher: dispatcher, endpoints: endpoints, apps: apps)
        var xmpp: XMPPService?
        if let xmppContext {
            metrics.addGauge("apus_xmpp_connections") { Double(xmppContext.connectionCount) }
            xmpp = try await listening(on: host, configuration.xmpp.port ?? 0, key: "xmpp.port") {
                try await XMPPService.bind(
                    host: host, ports: XMPPService.Ports(configuration.xmpp), group: group, shared: xmppContext)
            }
        }
        let legacyAPNs = try await LegacyAPNsListeners.bind(
            configuration, material: tls?.material, bridge: bridge, group: group, metrics: metrics, logger: logger)
        await readiness.add(
            [
                ServerChecks.commits(dispatcher), ServerChecks.store(dispatcher),
                ServerChecks.disk(configuration.server.dataDirectory, least: configuration.storage.leastFree),
                ServerChecks.listeners([
                    ("http", { http.isListening }), ("xmpp", { [xmpp] in xmpp?.isListening }),
                    ("legacy_apns", { legacyAPNs.isListening }),
                ]),
            ] + (tls.map { [ServerChecks.certificate($0, clock)] } ?? []) + [ServerChecks.vendors(dispatcher, apps)])
        let current = Reloadable(configuration)
        let reloader = Reloader(
            current, tls: tls, clock: clock, metrics: metrics, logger: logger, load: reload
        ) { configuration in
            logs.settings.replace(with: LogOutput.Settings(configuration.log))
            limits.replace(with: HTTPServerContext.Limits(configuration))
            largestPayload.replace(with: configuration.limits.payload)
            apps.limit(messagesPerSecond: configuration.limits.appRate)
            dispatcher.limit(queuedAccepts: configuration.limits.queuedRequests)
            if let material = tls?.material { legacyAPNs.use(material, logger) }
            // The last, as it takes a commit: another reload may come meanwhile.
            await tokens.configure(configuration.server.adminToken)
        }
        return ApusServer(
            configuration: current, logger: logger, newAdminToken: newToken,
            maintenance: Maintenance(
                dispatcher: dispatcher, escalations: EscalationDesk(dispatcher: dispatcher, centre: business.centre),
                retention: Retention(configuration.retention),
                journal: JournalRetention(configuration.events)),
            centre: business.centre, reloader: reloader, oldestUnsent: oldestUnsent,
            dispatcher: dispatcher, hub: hub, webhooks: webhooks, http: http, xmpp: xmpp, vendors: vendors,
            legacyAPNs: legacyAPNs,
            store: store,
            group: group)
    }

    /// What is read when somebody asks for `/metrics`.
    private static func addGauges(
        to metrics: PrometheusMetrics, _ dispatcher: Dispatcher, _ vendors: Vendors, _ oldestUnsent: OldestUnsent,
        _ budget: ConnectionBudget
    ) {
        metrics.addGauge("apus_sessions") { Double(dispatcher.directory.count) }
        metrics.addGauge("apus_apns_troubled_lanes") { Double(vendors.apns.troubledLanes) }
        metrics.addGauge("apus_accept_queue") { Double(dispatcher.queueDepth) }
        metrics.addGauge("apus_commit_queue") { Double(dispatcher.commitQueueDepth) }
        metrics.addGauge("apus_oldest_unsent_seconds") { oldestUnsent.age(at: dispatcher.clock.now) }
        for kind in ConnectionKind.allCases {
            metrics.addGauge("apus_connections", [("kind", kind.rawValue)]) { Double(budget.count(of: kind)) }
        }
        ProcessMetrics.add(to: metrics)
    }

    static func listening<Service>(
        on host: String, _ port: Int, key: String, _ bind: () async throws -> Service
    ) async throws -> Service {
        do {
            return try await bind()
        } catch let error as XMPPService.BindingError {
            throw StartingError.cannotListen(
                host: host, port: error.port, key: "xmpp.\(error.key)", cause: error.cause)
        } catch {
            throw StartingError.cannotListen(host: host, port: port, key: key, cause: error)
        }
    }

    /// Does what has to be done from time to time, until the task is cancelled.
    func work() async {
        async let centre: Void = centre.run()
        async let certificate: Void = reloader.watchCertificate()
        async let unsent: Void = oldestUnsent.watch(dispatcher)
        await maintenance.run()
        _ = await (centre, certificate, unsent)
    }

    /// Takes no more requests, closes every connection with what it is told, and returns when all is on disk.
    package func stop() async throws {
        logger.info("stopping")
        let time = configuration.server.drainTime
        let deadline = ContinuousClock.now + time
        try? await http.close()
        try? await xmpp?.close()
        // Devices are not to wait for the slowest of its clients.
        await legacyAPNs.stop(within: time / 3)
        // What vendors and receivers answer is still written.
        await webhooks.stop()
        await vendors.shutdown()
        await dispatcher.stop()
        xmpp?.drain()
        hub.stop()
        await http.drain(within: deadline - ContinuousClock.now)
        try await group.shutdownGracefully()
        try store.close()
        logger.info("stopped")
    }
}

/// What keeps Apus from starting, and what to do about it.
package struct StartingError: Error, CustomStringConvertible {
    package let code: String
    package let description: String

    private static let flags = [
        "server.port": "--port", "xmpp.port": "--xmpp-port", "legacy_apns.port": "--legacy-apns-port",
        "legacy_apns.feedback_port": "--legacy-feedback-port",
    ]

    static func cannotListen(host: String, port: Int, key: String, cause: any Error) -> StartingError {
        // The system's word for it, without the call that NIO names.
        let reason = (cause as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(cause)"
        return StartingError(
            code: "cannot_listen",
            description:
                "Apus cannot listen on \(host):\(port) (\(reason)). Stop what uses the port, or choose another "
                + "with \(flags[key] ?? "--set") or \(key); `apus doctor` says who uses it, or what else is wrong.")
    }
}
