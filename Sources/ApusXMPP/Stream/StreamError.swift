/// Why a stream ends (RFC 6120 §4.9). Nothing follows it but `</stream:stream>`.
package struct StreamError: Error, Equatable, Sendable {
    /// RFC 6120 §4.9.3.
    package enum Condition: String, CaseIterable, Sendable {
        case badFormat = "bad-format"
        case badNamespacePrefix = "bad-namespace-prefix"
        case conflict
        case connectionTimeout = "connection-timeout"
        case hostGone = "host-gone"
        case hostUnknown = "host-unknown"
        case improperAddressing = "improper-addressing"
        case internalServerError = "internal-server-error"
        case invalidFrom = "invalid-from"
        case invalidNamespace = "invalid-namespace"
        case invalidXML = "invalid-xml"
        case notAuthorized = "not-authorized"
        case notWellFormed = "not-well-formed"
        case policyViolation = "policy-violation"
        case remoteConnectionFailed = "remote-connection-failed"
        case reset
        case resourceConstraint = "resource-constraint"
        case restrictedXML = "restricted-xml"
        case seeOtherHost = "see-other-host"
        case systemShutdown = "system-shutdown"
        case undefinedCondition = "undefined-condition"
        case unsupportedEncoding = "unsupported-encoding"
        case unsupportedFeature = "unsupported-feature"
        case unsupportedStanzaType = "unsupported-stanza-type"
        case unsupportedVersion = "unsupported-version"
    }

    package var condition: Condition
    /// For people, in English.
    package var text: String?
    /// Where to connect instead; only of `see-other-host` (§4.9.3.19).
    package var host: String?
    /// What the condition alone does not say (§4.9.4), such as `handled-count-too-high` of XEP-0198.
    package var detail: XMLElement?

    package init(_ condition: Condition, text: String? = nil, host: String? = nil, detail: XMLElement? = nil) {
        self.condition = condition
        self.text = text
        self.host = host
        self.detail = detail
    }

    /// Reads `<stream:error>`. A condition that is not known becomes `undefined-condition`.
    ///
    /// - Returns: `nil` if `element` is something else.
    package init?(_ element: XMLElement) {
        guard element.matches("error", Namespace.streams) else { return nil }
        self.init(.undefinedCondition)
        for child in element.elements {
            if child.namespace != Namespace.streamErrors {
                detail = child
            } else if child.name == "text" {
                text = child.text
            } else if let condition = Condition(rawValue: child.name) {
                self.condition = condition
                if condition == .seeOtherHost { host = child.text }
            }
        }
    }

    /// `<stream:error>`, to be written in a stream.
    package var element: XMLElement {
        var children = [XMLElement(condition.rawValue, Namespace.streamErrors, text: host ?? "")]
        if let text {
            var element = XMLElement("text", Namespace.streamErrors, text: text)
            element.attributes = [XMLElement.Attribute("lang", "en", namespace: Namespace.xml)]
            children.append(element)
        }
        if let detail { children.append(detail) }
        return XMLElement("error", Namespace.streams, children: children.map { .element($0) })
    }
}
