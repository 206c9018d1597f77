package import ApusXMPP

/// Who makes endpoints, and sends on what comes to them.
package struct Gateway: Hashable, Sendable, CustomStringConvertible {
    package let address: JID
    package let dialect: GatewayDialect

    package init(address: JID, dialect: GatewayDialect) {
        self.address = address
        self.dialect = dialect
    }

    package var description: String { address.description }
}

/// Which protocol a gateway speaks, by its namespace.
package enum GatewayDialect: String, Sendable {
    /// Of Conversations, Prosody, ejabberd and Apus: pushes are IQs, which are acknowledged, and endpoints expire.
    case gultsch = "http://gultsch.de/xmpp/drafts/unified-push"
    /// Of seed 002: pushes are messages with text.
    case genofire = "unifiedpush.org"

    package var namespace: String { rawValue }
}

extension JID {
    /// The server's own address.
    var service: JID { (try? JID(domain)) ?? self }
}
