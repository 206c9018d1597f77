import NIOSSL
import SwiftASN1
import X509

/// The authority that issues certificates to an installation's own clients of the binary protocol.
package struct LegacyClientAuthority: Sendable {
    private let certificate: Certificate

    /// - Parameter pem: the authority's certificate.
    package init(pem: String) throws {
        certificate = try Certificate(pemEncoded: pem)
    }

    /// Whether it issued a certificate. Dates are not looked at.
    func issued(_ other: Certificate) -> Bool {
        other.issuer == certificate.subject && certificate.publicKey.isValidSignature(other.signature, for: other)
    }
}
