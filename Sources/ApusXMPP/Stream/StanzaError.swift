/// Why a stanza was refused (RFC 6120 §8.3), with the numeric code that clients from before XMPP 1.0 go by (XEP-0086).
package struct StanzaError: Error, Equatable, Sendable {
    /// What the sender may do about it (RFC 6120 §8.3.2).
    package enum Kind: String, Sendable {
        case auth
        case cancel
        case `continue`
        case modify
        case wait
    }

    package var condition: Condition
    package var kind: Kind
    /// AndroidPN clients search an answer for `401` and `409`, and do nothing without them.
    package var code: Int
    /// For people, in English.
    package var text: String?

    /// An error with the type and code that go with its condition.
    package init(_ condition: Condition, text: String? = nil) {
        self.condition = condition
        (kind, code) = condition.kindAndCode
        self.text = text
    }

    /// Reads the `<error>` of a stanza. Old clients write the type in capitals or send nothing but the code.
    ///
    /// - Returns: `nil` if `stanza` has no `<error>`.
    package init?(in stanza: XMLElement) {
        guard let element = stanza.child("error") else { return nil }
        let code = element.attribute("code").flatMap { Int($0) }
        let named = element.elements.lazy.filter { $0.namespace == Namespace.stanzaErrors }
        self.init(
            named.compactMap { Condition(rawValue: $0.name) }.first { _ in true }
                ?? Condition.allCases.first { $0.kindAndCode.code == code }
                ?? .undefinedCondition
        )
        if let code { self.code = code }
        if let kind = element.attribute("type").flatMap({ Kind(rawValue: $0.lowercased()) }) { self.kind = kind }
        text = named.first { $0.name == "text" }?.text
    }

    /// `<error>` of a stanza in `namespace`.
    package func element(in namespace: String) -> XMLElement {
        var element = XMLElement("error", namespace)
        element.attributes = [.init("code", String(code)), .init("type", kind.rawValue)]
        element.children = [.element(XMLElement(condition.rawValue, Namespace.stanzaErrors))]
        if let text {
            element.children.append(.element(XMLElement("text", Namespace.stanzaErrors, text: text)))
        }
        return element
    }

    /// The answer to a stanza that was refused: what was in it, and the error.
    ///
    /// - Returns: `nil` if `stanza` is itself an answer, which must not be answered (RFC 6120 §8.3.1, rule 2).
    package func reply(to stanza: XMLElement) -> XMLElement? {
        let type = stanza.attribute("type")
        guard type != "error", type != "result" || stanza.name != "iq" else { return nil }
        var reply = XMLElement(stanza.name, stanza.namespace)
        reply.setAttribute("type", "error")
        reply.setAttribute("id", stanza.attribute("id"))
        reply.setAttribute("from", stanza.attribute("to"))
        reply.setAttribute("to", stanza.attribute("from"))
        reply.children = stanza.children + [.element(element(in: stanza.namespace))]
        return reply
    }
}
