package import ApusCore
package import Logging
package import NIOSSL

/// What all connections of the XMPP server share.
package final class XMPPServerContext: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let accounts: XMPPAccountBook
    let settings: XMPPSettings
    let budget: ConnectionBudget
    let metrics: XMPPMetrics
    let logger: Logger
    /// Nil if streams cannot be encrypted.
    let tls: Reloadable<NIOSSLContext>?
    var connections: AccountConnections { accounts.connections }
    let suspended: SuspendedStreams
    let components: Components
    let addresses: AddressLimits

    package init(
        dispatcher: Dispatcher, apps: AppRegistry, accounts: XMPPAccountBook, endpoints: EndpointBook,
        settings: XMPPSettings, components: ComponentSettings, budget: ConnectionBudget, metrics: XMPPMetrics,
        tls: Reloadable<NIOSSLContext>?, logger: Logger
    ) {
        self.dispatcher = dispatcher
        self.apps = apps
        self.accounts = accounts
        var settings = settings
        settings.offersTLS = tls != nil
        self.settings = settings
        self.budget = budget
        self.metrics = metrics
        self.tls = tls
        self.logger = logger
        suspended = SuspendedStreams(time: settings.resumeTime)
        self.components = Components(components)
        addresses = AddressLimits(
            mostConnections: settings.connectionsPerAddress,
            registrationsPerMinute: settings.registrationsPerMinute)
        let gateway = EmbeddedGateway(address: settings.gateway, endpoints: endpoints, shared: self)
        _ = self.components.attach(gateway, to: settings.gateway)
    }

    /// Accounts that are connected.
    package var connectionCount: Int { connections.count }
}
