import NIOCore

extension StanzaWriter {
    // MARK: Elements

    /// Writes an element and what is in it.
    ///
    /// - Parameter namespace: the default namespace where it is written; that of the stream, unless in another element.
    package mutating func write(_ element: XMLElement, in namespace: String) {
        // Every stream header declares this prefix, and old clients look for it.
        let isOfStream = element.namespace == Namespace.streams
        let name = isOfStream ? "stream:" + element.name : element.name
        let inner = isOfStream ? namespace : element.namespace
        open(name, inner == namespace ? nil : inner)
        for (index, attribute) in element.attributes.enumerated() {
            switch attribute.namespace {
            case "":
                self.attribute(attribute.name, attribute.value)
            case Namespace.xml:
                self.attribute("xml:" + attribute.name, attribute.value)
            default:
                self.attribute("xmlns:a\(index)", attribute.namespace)
                self.attribute("a\(index):" + attribute.name, attribute.value)
            }
        }
        for child in element.children {
            switch child {
            case .element(let child): write(child, in: inner)
            case .text(let text): self.text(text)
            }
        }
        close(name)
    }

    // MARK: Streams

    /// Opens a stream (RFC 6120 §4.2), in the form and order AndroidPN servers have always used.
    package mutating func openStream(_ header: StreamHeader) {
        raw(ByteBuffer(string: "<?xml version='1.0' encoding='UTF-8'?>"))
        open("stream:stream")
        attribute("xmlns:stream", Namespace.streams)
        attribute("xmlns", header.namespace)
        if let from = header.from { attribute("from", from) }
        if let to = header.to { attribute("to", to) }
        if let id = header.id { attribute("id", id) }
        if let language = header.language { attribute("xml:lang", language) }
        if let version = header.version { attribute("version", version) }
        finishTag()
    }

    package mutating func features(_ features: [StreamFeature], in namespace: String = Namespace.client) {
        let children = features.map { XMLElement.Node.element($0.element) }
        write(XMLElement("features", Namespace.streams, children: children), in: namespace)
    }

    package mutating func closeStream() {
        raw(ByteBuffer(string: "</stream:stream>"))
    }

    /// Ends the stream with an error (RFC 6120 §4.9.1.1). Our stream header must have been written.
    package mutating func closeStream(_ error: StreamError, in namespace: String = Namespace.client) {
        write(error.element, in: namespace)
        closeStream()
    }
}
