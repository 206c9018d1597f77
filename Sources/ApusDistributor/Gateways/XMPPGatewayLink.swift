import ApusXMPP
import Logging
import NIOCore

/// The way to gateways over the account's XMPP client.
final class XMPPGatewayLink: GatewayLink {
    private let client: XMPPClient

    /// - Throws: `ClientSettingsError`.
    init(
        _ settings: XMPPClientSettings, on eventLoop: any EventLoop, logger: Logger,
        receive: @escaping @Sendable (LinkEvent) -> Void
    ) throws(ClientSettingsError) {
        client = try XMPPClient(settings, group: eventLoop, logger: logger) { receive(LinkEvent($0)) }
    }

    func start() {
        client.start()
    }

    func send(_ stanza: XMLElement) {
        // What there is no stream for is sent again when there is one, or asked for by the gateway.
        _ = client.send(stanza)
    }

    func request(_ iq: XMLElement, within time: TimeAmount, answer: @escaping @Sendable (LinkAnswer) -> Void) {
        Task { answer(await client.answer(to: iq, within: time)) }
    }

    func stop() async {
        await client.stop()
    }
}

extension XMPPClient {
    func answer(to iq: XMLElement, within time: TimeAmount) async -> LinkAnswer {
        do throws(XMPPRequestError) {
            return .result(try await request(iq, timeout: time))
        } catch {
            return if case .refused(let condition, let answer) = error { .refused(condition, answer) } else { .lost }
        }
    }
}

extension LinkEvent {
    init(_ event: XMPPClientEvent) {
        switch event {
        case .connected(let address, let resumed): self = .connected(address: address, resumed: resumed)
        case .stanza(let stanza): self = .stanza(stanza)
        case .disconnected(let reason, _): self = .disconnected(reason)
        case .failed(let reason, _): self = .failed(reason)
        }
    }
}

extension XMPPClientSettings {
    /// - Parameter resource: always the same, so that endpoints stay the same.
    /// - Throws: `ClientSettingsError`.
    init(_ configuration: DistributorConfiguration, resource: String) throws(ClientSettingsError) {
        try self.init(account: configuration.account, password: configuration.password, resource: resource)
        host = configuration.host
        port = configuration.port ?? 5222
        trustRoots = configuration.ca
        // The distributor is present to its gateway, not to the account's contacts.
        priority = nil
    }
}
