/// The account that a client logs in to, and where.
package struct XMPPClientSettings: Sendable {
    /// `name@domain`, without a resource.
    package var account: JID
    package var password: String
    /// Always the same, so that what is sent to the full address finds the client after a restart too.
    package var resource: String
    /// Where the server runs; nil for the host of the account's domain. SRV records are not looked up.
    package var host: String?
    package var port = 5222
    /// A PEM file of the certificates that vouch for the server's; nil for those of the system.
    package var trustRoots: String?
    /// Whether a server on this machine need not encrypt. Without TLS there is no PLAIN.
    package var allowsPlainOnLoopback = false
    /// The priority of the presence; nil for no presence. Below zero the server sends only what is addressed to the
    /// resource, and leaves messages for the account to its other clients (RFC 6121 §4.7.2.3).
    package var priority: Int8? = 0
    package var times = StreamTimes()

    /// - Throws: `ClientSettingsError` if the address is not that of an account, or the resource not usable.
    package init(account: String, password: String, resource: String) throws(ClientSettingsError) {
        guard let address = try? JID(account), address.node != nil, address.isBare else {
            throw ClientSettingsError("\(account) is not the address of an account, as in name@example.org.")
        }
        guard let resource = try? JID.preparedResource(resource) else {
            throw ClientSettingsError("\(resource) cannot be used as a resource.")
        }
        guard !password.isEmpty else { throw ClientSettingsError("The password is empty.") }
        self.account = address
        self.password = password
        self.resource = resource
    }

    var endpoint: StreamEndpoint { StreamEndpoint(host: host ?? account.domain, port: port) }
}
