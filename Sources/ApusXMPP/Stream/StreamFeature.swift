/// One entry of `<stream:features>` (RFC 6120 §4.3.2).
package enum StreamFeature: Equatable, Sendable {
    case startTLS(required: Bool)
    /// The names of SASL mechanisms, the best first.
    case mechanisms([String])
    /// XEP-0078 §2.2.
    case legacyAuth
    /// XEP-0077 §9.
    case register
    case bind
    /// RFC 3921 §3; modern clients may leave it out.
    case session
    /// XEP-0198 §3.
    case streamManagement
    /// RFC 6121 §2.6.
    case rosterVersions

    var element: XMLElement {
        switch self {
        case .startTLS(let required):
            let children = required ? [XMLElement("required", Namespace.tls)] : []
            return XMLElement("starttls", Namespace.tls, children: children.map { .element($0) })
        case .mechanisms(let names):
            let children = names.map { XMLElement("mechanism", Namespace.sasl, text: $0) }
            return XMLElement("mechanisms", Namespace.sasl, children: children.map { .element($0) })
        case .legacyAuth:
            return XMLElement("auth", Namespace.legacyAuthFeature)
        case .register:
            return XMLElement("register", Namespace.registerFeature)
        case .bind:
            return XMLElement("bind", Namespace.bind)
        case .session:
            let optional = XMLElement("optional", Namespace.session)
            return XMLElement("session", Namespace.session, children: [.element(optional)])
        case .streamManagement:
            return XMLElement("sm", Namespace.streamManagement)
        case .rosterVersions:
            return XMLElement("ver", Namespace.rosterVersions)
        }
    }
}
