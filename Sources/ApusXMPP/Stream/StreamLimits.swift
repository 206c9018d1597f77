/// What a peer may send. More is answered with `policy-violation` (RFC 6120 §4.9.3.14 and §13.12).
package struct StreamLimits: Equatable, Sendable {
    /// Bytes of one stanza, or of the stream header and what is before it. RFC 6120 §13.12 demands at least 10,000.
    package var stanza: Int
    /// Bytes of one tag. A tag that comes in small pieces is scanned again with each of them, so this bounds that work.
    package var tag: Int
    /// Levels of elements in a stanza, itself included.
    package var depth: Int
    /// Attributes of one element; prefixes declared in the stream header.
    package var attributes: Int
    /// Bytes of the name of an element or attribute, without its prefix.
    package var name: Int
    /// Bytes of the name of a namespace.
    package var namespace: Int

    package init(
        stanza: Int,
        tag: Int = 8 * 1024,
        depth: Int = 50,
        attributes: Int = 64,
        name: Int = 256,
        namespace: Int = 1024
    ) {
        self.stanza = stanza
        self.tag = tag
        self.depth = depth
        self.attributes = attributes
        self.name = name
        self.namespace = namespace
    }

    /// For a peer that has not said who it is.
    package static let unauthenticated = StreamLimits(stanza: 10_000)
    package static let authenticated = StreamLimits(stanza: 256 * 1024)
}
