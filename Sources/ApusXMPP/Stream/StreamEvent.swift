/// What comes in on a stream.
package enum StreamEvent: Equatable, Sendable {
    /// The peer has opened its stream.
    case streamOpened(StreamHeader)
    /// A whole stanza, or another element directly in the stream.
    case element(XMLElement)
    /// White space between stanzas, a keep-alive (RFC 6120 §4.6.1). White space just before a stanza is not told.
    case whitespace
    /// The peer has closed its stream. Nothing follows.
    case streamClosed
}

/// The attributes of `<stream:stream>` (RFC 6120 §4.7).
package struct StreamHeader: Equatable, Sendable {
    /// The default namespace: `jabber:client`, `jabber:component:accept` or what the peer thinks right. Empty if none.
    package var namespace: String
    package var from: String?
    package var to: String?
    package var id: String?
    package var language: String?
    /// `nil` is a stream from before XMPP 1.0 (RFC 6120 §4.7.5), or one of a component (XEP-0114).
    package var version: String?

    package init(
        namespace: String = Namespace.client,
        from: String? = nil,
        to: String? = nil,
        id: String? = nil,
        language: String? = nil,
        version: String? = nil
    ) {
        self.namespace = namespace
        self.from = from
        self.to = to
        self.id = id
        self.language = language
        self.version = version
    }
}
