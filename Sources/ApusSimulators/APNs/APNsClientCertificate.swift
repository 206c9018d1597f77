import SwiftASN1
import X509

/// A client certificate that the simulator accepts, and what Apple's certificates say in their extensions.
///
/// Neither issuer nor dates are looked at, so that old certificates from Apple can be used.
package struct APNsClientCertificate: Sendable {
    /// The subject's user id (UID), the bundle id of the app.
    static let userID: ASN1ObjectIdentifier = [0, 9, 2342, 19_200_300, 100, 1, 1]
    static let development: ASN1ObjectIdentifier = [1, 2, 840, 113635, 100, 6, 3, 1]
    static let production: ASN1ObjectIdentifier = [1, 2, 840, 113635, 100, 6, 3, 2]
    /// A list of topics, each a string, followed by a sequence that says what kind of topic it is.
    static let topics: ASN1ObjectIdentifier = [1, 2, 840, 113635, 100, 6, 3, 6]

    /// Whole topics, with the suffixes of push types.
    package let topics: Set<String>
    /// Those it may be used with; both, if it does not say.
    package let environments: Set<APNsServiceEnvironment>
    /// As it stands in the TLS handshake.
    let der: [UInt8]

    /// - Parameter pem: the certificate. Anything else in the text, such as its key, is ignored.
    /// - Throws: what is wrong with the PEM or the certificate.
    package init(pem: String) throws {
        guard
            let document = try PEMDocument.parseMultiple(pemString: pem).first(where: {
                $0.discriminator == "CERTIFICATE"
            })
        else { throw APNsSimulatorError("There is no certificate in the PEM text of a client certificate.") }
        let certificate = try Certificate(pemDocument: document)
        der = document.derBytes
        if let list = certificate.extensions[oid: Self.topics] {
            topics = try Set(Self.topics(in: DER.parse(list.value)))
        } else {
            let attributes = certificate.subject.lazy.flatMap { $0 }
            topics = Set(attributes.filter { $0.type == Self.userID }.compactMap { String($0.value) })
        }
        var named: Set<APNsServiceEnvironment> = []
        if certificate.extensions[oid: Self.development] != nil { named.insert(.sandbox) }
        if certificate.extensions[oid: Self.production] != nil { named.insert(.production) }
        environments = named.isEmpty ? [.production, .sandbox] : named
    }

    var sender: APNsSender { APNsSender(credentials: .certificate, topics: topics) }

    private static func topics(in node: ASN1Node) throws -> [String] {
        guard case .constructed(let children) = node.content else { return [] }
        return try children.filter { $0.identifier == .utf8String }.map { try String(ASN1UTF8String(derEncoded: $0)) }
    }
}
