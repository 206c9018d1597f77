import ApusXMPP
import NIOCore

/// The way to gateways: a client of the account that is connected for as long as it can be.
protocol GatewayLink: Sendable {
    func start()
    func send(_ stanza: XMLElement)
    /// Sends an IQ, to which it gives an id, and hands over what comes of it, on any thread.
    func request(_ iq: XMLElement, within time: TimeAmount, answer: @escaping @Sendable (LinkAnswer) -> Void)
    func stop() async
}

enum LinkEvent: Equatable, Sendable {
    /// - resumed: whether nothing was lost since the connection before.
    case connected(address: JID, resumed: Bool)
    case stanza(XMLElement)
    case disconnected(String)
    /// Connecting does not help before somebody changes something, which the text tells.
    case failed(String)
}
