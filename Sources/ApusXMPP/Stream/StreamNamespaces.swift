import NIOCore

/// What the header of a stream declared: all that a parser must know of it to go on with the stream.
struct StreamNamespaces {
    private(set) var defaultNamespace = ""
    private var prefixes: [(prefix: String, namespace: String)] = []
    private var rootName = "stream"

    var count: Int { prefixes.count }

    mutating func declare(_ prefix: String?, _ namespace: String) {
        if let prefix {
            prefixes.append((prefix, namespace))
        } else {
            defaultNamespace = namespace
        }
    }

    /// The prefix that the peer opened the stream with: it will close it with the same.
    mutating func setRoot(prefix: String?) {
        rootName = prefix.map { $0 + ":stream" } ?? "stream"
    }

    /// A header for a parser. Of the usual one all connections share the bytes.
    var header: [UInt8] {
        var writer = StanzaWriter()
        writer.open(rootName)
        if !defaultNamespace.isEmpty { writer.attribute("xmlns", defaultNamespace) }
        for (prefix, namespace) in prefixes { writer.attribute("xmlns:" + prefix, namespace) }
        let header = Array(writer.take().readableBytesView)
        return header == Self.usualHeader ? Self.usualHeader : header
    }

    private static let usualHeader = Array(
        #"<stream:stream xmlns="\#(Namespace.client)" xmlns:stream="\#(Namespace.streams)">"#.utf8
    )
}
