package import Logging
package import NIOCore

/// A component of somebody else's XMPP server (XEP-0114): all stanzas for one domain come here.
///
/// It keeps its stream open, and connects again whenever that is lost, until it is stopped.
package final class ComponentClient: Sendable {
    private let stream: StreamClient<ComponentClientSession>

    /// - Parameter onEvent: called on one of the group's event loops, in order; it must not block.
    package init(
        _ settings: ComponentClientSettings, group: any EventLoopGroup, logger: Logger,
        onEvent: @escaping @Sendable (XMPPClientEvent) -> Void
    ) {
        let eventLoop = group.next()
        let (domain, secret) = (settings.domain, settings.secret)
        stream = StreamClient(
            to: StreamEndpoint(host: settings.host, port: settings.port),
            dialer: StreamDialer(eventLoop: eventLoop, timeout: settings.times.connect, usualPort: settings.port),
            on: eventLoop, encryption: nil, times: settings.times, logger: logger,
            makeSession: { _ in ComponentClientSession(domain: domain, secret: secret) }, onEvent: onEvent)
    }

    package func start() {
        stream.start()
    }

    /// Closes the stream. There are no events after that.
    package func stop() async {
        try? await stream.stop().get()
    }

    /// Sends a stanza, from any thread. One without `from` is from the component's domain.
    /// - Returns: false if it was refused: there is no stream, or the server takes less than is sent. A stanza that was
    ///   accepted is lost all the same if the connection breaks just then.
    package func send(_ stanza: XMLElement) -> Bool {
        stream.send(stanza)
    }
}

/// Where a component attaches, and as what.
package struct ComponentClientSettings: Sendable {
    /// The domain that it serves.
    package let domain: String
    /// What the server was told too.
    package let secret: String
    package var host: String
    package var port: Int
    package var times = StreamTimes()

    /// - Throws: `ClientSettingsError` if that is no domain, or there is no secret.
    package init(
        domain: String, secret: String, host: String = "localhost", port: Int = 5347
    ) throws(ClientSettingsError) {
        guard let prepared = try? JID.preparedDomain(domain) else {
            throw ClientSettingsError("\(domain) is not the domain of a component, as in push.example.org.")
        }
        guard !secret.isEmpty else { throw ClientSettingsError("The secret of the component is empty.") }
        self.domain = prepared
        self.secret = secret
        self.host = host
        self.port = port
        times.pingAfter = .seconds(30)
    }
}
