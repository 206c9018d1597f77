import ApusCore
import ApusTestKit
import CoreMetrics
import Foundation
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

@testable import ApusXMPP

/// The XMPP server itself on free ports, for `example.org`, with the account `ann` and the password `secret`.
final class ServerFixture: Sendable {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let group: MultiThreadedEventLoopGroup
    let ports: XMPPService.Ports
    /// The file of the server's certificate.
    let trustRoots: String
    private let context: XMPPServerContext
    private let dispatcher: Dispatcher

    static func with(_ body: (ServerFixture) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (store, clock) = (InMemoryMessageStore(), SystemClock())
        let app = try StoreFixture(store).app("shop")
        let dispatcher = try Dispatcher(
            store: store, eventLoops: Array(group.makeIterator()), clock: clock,
            metrics: DeliveryMetrics(factory: NOOPMetricsHandler.instance), logger: logger)
        let box = SecretBox(key: SecretBox.randomKey())!
        let accounts = XMPPAccountBook(dispatcher: dispatcher, box: box, keepsPasswords: false)
        var settings = XMPPSettings()
        settings.domain = "example.org"
        settings.registrationApp = app.id
        settings.requiresTLS = true
        var components = ComponentSettings()
        components.secret = "test"
        let context = XMPPServerContext(
            dispatcher: dispatcher, apps: AppRegistry(apps: [app], messagesPerSecond: 0, clock: clock),
            accounts: accounts,
            endpoints: EndpointBook(dispatcher: dispatcher, box: box, lifetimeSeconds: 3600), settings: settings,
            components: components, budget: ConnectionBudget(most: 10),
            metrics: XMPPMetrics(factory: NOOPMetricsHandler.instance),
            tls: Reloadable(try TestCertificate.serverContext()),
            logger: logger)
        dispatcher.start()
        _ = try await accounts.add("ann", password: "secret", to: app, keepsPassword: false, noting: nil)
        let service = try await XMPPService.bind(
            host: "127.0.0.1", ports: XMPPService.Ports(client: 0, component: 0), group: group, shared: context)
        let fixture = ServerFixture(group, service.ports, context, dispatcher)
        try Data(TestCertificate.pem.utf8).write(to: URL(filePath: fixture.trustRoots))
        let result = await Result { try await body(fixture) }
        try? FileManager.default.removeItem(atPath: fixture.trustRoots)
        try await service.close()
        service.drain()
        await dispatcher.stop()
        try await group.shutdownGracefully()
        try result.get()
    }

    private init(
        _ group: MultiThreadedEventLoopGroup, _ ports: XMPPService.Ports, _ context: XMPPServerContext,
        _ dispatcher: Dispatcher
    ) {
        self.group = group
        self.ports = ports
        self.context = context
        self.dispatcher = dispatcher
        trustRoots = FileManager.default.temporaryDirectory.path(percentEncoded: false) + RandomToken.hex128() + ".pem"
    }

    func settings(
        _ account: String = "ann@example.org", password: String = "secret"
    ) throws -> XMPPClientSettings {
        var settings = try XMPPClientSettings(account: account, password: password, resource: "up")
        settings.host = "127.0.0.1"
        settings.port = ports.client ?? 0
        settings.trustRoots = trustRoots
        return settings
    }
}

extension Result where Success: Sendable, Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}

/// What a client has told.
final class EventLog: Sendable {
    private let events = Mutex<[XMPPClientEvent]>([])

    func note(_ event: XMPPClientEvent) { events.withLock { $0.append(event) } }

    func contains(where isSought: (XMPPClientEvent) -> Bool) -> Bool {
        events.withLock { $0.contains(where: isSought) }
    }

    func has(_ event: XMPPClientEvent) -> Bool { contains { $0 == event } }

    /// The reason of the first failure that somebody has to do something about.
    var failure: String? {
        events.withLock { events in
            for case .failed(let reason, _) in events { return reason }
            return nil
        }
    }
}
