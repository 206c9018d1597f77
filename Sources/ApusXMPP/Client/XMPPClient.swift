package import Logging
package import NIOCore

/// An account's client, logged in for as long as it can be.
///
/// It connects, and again whenever the connection is lost, until it is stopped. With a server that has stream
/// management nothing is lost in between.
package final class XMPPClient: Sendable {
    private let stream: StreamClient<ClientSession>
    private let requests: OpenRequests

    /// - Parameter onEvent: called on one of the group's event loops, in order; it must not block.
    /// - Throws: `ClientSettingsError` if the file of the trust roots cannot be used.
    package init(
        _ settings: XMPPClientSettings, group: any EventLoopGroup, logger: Logger,
        onEvent: @escaping @Sendable (XMPPClientEvent) -> Void
    ) throws(ClientSettingsError) {
        let eventLoop = group.next()
        let requests = OpenRequests(account: settings.account, on: eventLoop)
        self.requests = requests
        stream = StreamClient(
            to: settings.endpoint,
            dialer: StreamDialer(eventLoop: eventLoop, timeout: settings.times.connect, usualPort: settings.port),
            on: eventLoop,
            encryption: try StreamEncryption(domain: settings.account.domain, trustRoots: settings.trustRoots),
            times: settings.times, logger: logger,
            makeSession: { ClientSession(settings, resumable: $0) },
            onEvent: { if !requests.take($0) { onEvent($0) } })
    }

    package func start() {
        stream.start()
    }

    /// Connects again at once, because the network is another one than before.
    package func reconnect() {
        stream.reconnect()
    }

    /// Closes the stream. There are no events after that.
    package func stop() async {
        try? await stream.stop().get()
        requests.failAll(.stopped)
    }

    /// Sends a stanza, from any thread.
    /// - Returns: false if it was refused: there is no stream, or the server takes less than is sent.
    package func send(_ stanza: XMLElement) -> Bool {
        stream.send(stanza)
    }

    /// Asks somebody, or the server if there is no `to`. The IQ gets an id, which no other has.
    ///
    /// - Parameter timeout: until the answer must be there. A stream that is resumed meanwhile does not matter.
    /// - Returns: the answer of type `result`.
    /// - Throws: `XMPPRequestError`.
    package func request(
        _ iq: XMLElement, timeout: TimeAmount = .seconds(30)
    ) async throws(XMPPRequestError) -> XMLElement {
        let result = await withCheckedContinuation { continuation in
            stream.eventLoop.execute {
                self.requests.ask(iq, timeout, send: self.stream.sendNow) { continuation.resume(returning: $0) }
            }
        }
        return try result.get()
    }
}
