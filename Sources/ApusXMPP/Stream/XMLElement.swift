/// An XML element with all that is in it: a stanza, or a part of one.
package struct XMLElement: Equatable, Sendable {
    package struct Attribute: Equatable, Sendable {
        /// Empty for an attribute without a prefix.
        package var namespace: String
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String, namespace: String = "") {
            self.namespace = namespace
            self.name = name
            self.value = value
        }
    }

    package enum Node: Equatable, Sendable {
        case element(XMLElement)
        case text(String)
    }

    /// The name without its prefix.
    package var name: String
    /// Empty for an element in no namespace.
    package var namespace: String
    /// In the order they came in. Declarations of namespaces are not among them.
    package var attributes: [Attribute]
    package var children: [Node]

    package init(
        _ name: String,
        _ namespace: String,
        attributes: [Attribute] = [],
        children: [Node] = []
    ) {
        self.name = name
        self.namespace = namespace
        self.attributes = attributes
        self.children = children
    }

    /// An element that holds nothing but text.
    package init(_ name: String, _ namespace: String, text: String) {
        self.init(name, namespace, children: text.isEmpty ? [] : [.text(text)])
    }

    /// Whether this is the element `name` of `namespace`.
    package func matches(_ name: String, _ namespace: String) -> Bool {
        self.name == name && self.namespace == namespace
    }

    // MARK: Attributes

    package func attribute(_ name: String, namespace: String = "") -> String? {
        for attribute in attributes where attribute.name == name && attribute.namespace == namespace {
            return attribute.value
        }
        return nil
    }

    /// Sets the attribute, or removes it if `value` is `nil`.
    package mutating func setAttribute(_ name: String, _ value: String?) {
        let index = attributes.firstIndex { $0.name == name && $0.namespace.isEmpty }
        switch (index, value) {
        case (let index?, let value?): attributes[index].value = value
        case (let index?, nil): attributes.remove(at: index)
        case (nil, let value?): attributes.append(Attribute(name, value))
        case (nil, nil): break
        }
    }

    // MARK: Children

    /// The elements directly in this one.
    package var elements: some Sequence<XMLElement> {
        children.lazy.compactMap { node in
            if case .element(let element) = node { element } else { nil }
        }
    }

    /// The first element directly in this one.
    package var firstElement: XMLElement? {
        elements.first { _ in true }
    }

    /// The first child of that name; in the namespace of this element if none is given.
    package func child(_ name: String, _ namespace: String? = nil) -> XMLElement? {
        for case .element(let child) in children where child.matches(name, namespace ?? self.namespace) {
            return child
        }
        return nil
    }

    /// All children of that name; in the namespace of this element if none is given.
    package func children(named name: String, _ namespace: String? = nil) -> [XMLElement] {
        elements.filter { $0.matches(name, namespace ?? self.namespace) }
    }

    /// The text directly in this element, joined. What its children hold is not part of it.
    package var text: String {
        if children.count == 1, case .text(let text) = children[0] { return text }
        var joined = ""
        for case .text(let text) in children { joined += text }
        return joined
    }
}
