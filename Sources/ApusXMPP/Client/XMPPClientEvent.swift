package import NIOCore

/// What happens to a stream that is kept open, as client or as component. Told on its event loop, in order.
package enum XMPPClientEvent: Equatable, Sendable {
    /// Stanzas can be sent.
    /// - resumed: whether nothing was lost since the stream before (XEP-0198). If not, what was sent last may not have
    ///   arrived, and requests that were open have failed.
    case connected(address: JID, resumed: Bool)
    /// A stanza from somebody. An IQ that asks has to be answered (RFC 6120 §8.2.3). In `jabber:client`, on the stream
    /// of a component too.
    case stanza(XMLElement)
    /// The connection is lost, or could not be made.
    case disconnected(reason: String, retryingIn: TimeAmount)
    /// Connecting again does not help before somebody changes something, which the reason tells. It is tried again all
    /// the same, slowly.
    case failed(reason: String, retryingIn: TimeAmount)
}
