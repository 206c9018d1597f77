import ApusCore
import NIOSSL

/// What this server's listeners encrypt with. A new certificate serves the connections that come after it.
final class ServerTLS: Sendable {
    /// A certificate that fits its key, and what is made of it.
    struct Prepared: Sendable {
        let material: TLSMaterial
        fileprivate let http: NIOSSLContext
        fileprivate let xmpp: NIOSSLContext

        /// - Throws: `StartingError` with what to do.
        init(_ configuration: Configuration) throws(StartingError) {
            material = try TLSMaterial(configuration)
            http = try material.context(configuration, protocols: ["http/1.1"])
            xmpp = try material.context(configuration, protocols: ["xmpp-client"])
        }
    }

    let http: Reloadable<NIOSSLContext>
    let xmpp: Reloadable<NIOSSLContext>
    private let current: Reloadable<TLSMaterial>

    init(_ prepared: Prepared) {
        http = Reloadable(prepared.http)
        xmpp = Reloadable(prepared.xmpp)
        current = Reloadable(prepared.material)
    }

    var material: TLSMaterial { current.value }

    func use(_ prepared: Prepared) {
        http.replace(with: prepared.http)
        xmpp.replace(with: prepared.xmpp)
        current.replace(with: prepared.material)
    }
}
