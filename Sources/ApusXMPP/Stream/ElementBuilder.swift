/// Puts together elements from what expat tells of their tags and text.
struct ElementBuilder {
    /// Open elements, the outermost first.
    private var stack: [XMLElement] = []
    /// Text that has come since the last tag. Expat tells it in pieces.
    private var text: [UInt8] = []

    mutating func reset() {
        stack.removeAll(keepingCapacity: true)
        text.removeAll(keepingCapacity: true)
    }

    mutating func open(
        _ name: UnsafePointer<CChar>,
        _ attributes: ExpatAttributes,
        _ limits: StreamLimits
    ) throws(StreamError) {
        flushText()
        let name = try ExpatName(name).checked(limits)
        // Most elements are in the namespace of their parent, and can share its string.
        var element = XMLElement(name.localName, name.namespaceLike(stack.last?.namespace))
        let count = attributes.count
        guard count <= limits.attributes else { throw .tooLong("list of attributes") }
        element.attributes.reserveCapacity(count)
        for index in 0..<count {
            let (name, value) = attributes[index]
            let attribute = try ExpatName(name).checked(limits)
            let namespace = attribute.namespaceLike(nil)
            element.attributes.append(.init(attribute.localName, String(cString: value), namespace: namespace))
        }
        stack.append(element)
    }

    /// - Returns: the outermost element, if it was the one that ends here.
    mutating func close() -> XMLElement? {
        flushText()
        guard let element = stack.popLast() else { return nil }
        guard !stack.isEmpty else { return element }
        stack[stack.count - 1].children.append(.element(element))
        return nil
    }

    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        text.append(contentsOf: bytes)
    }

    private mutating func flushText() {
        guard !text.isEmpty, !stack.isEmpty else { return }
        stack[stack.count - 1].children.append(.text(String(decoding: text, as: UTF8.self)))
        text.removeAll(keepingCapacity: true)
    }
}
