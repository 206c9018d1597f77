import ApusCore
import Crypto
package import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// What TLS tells of a client.
package struct LegacyPeer: Sendable {
    package struct Certificate: Sendable, Equatable {
        /// SHA-256 of the certificate.
        package let fingerprint: [UInt8]
        /// The subject's user id (UID), in Apple's certificates the bundle id; nil if there is none.
        package let userID: String?
        /// Whether the gateway's own authority issued it. Dates are not looked at: those of Apple's certificates are past.
        package let isIssuedByAuthority: Bool

        /// The fingerprint in lower-case hex digits, as `openssl x509 -fingerprint -sha256` without its colons.
        package var fingerprintText: String {
            Hex.encode(fingerprint)
        }

        private static let userIDAttribute: ASN1ObjectIdentifier = [0, 9, 2342, 19_200_300, 100, 1, 1]

        init(_ certificate: NIOSSLCertificate, authority: LegacyClientAuthority?) throws {
            let der = try certificate.toDERBytes()
            fingerprint = Array(SHA256.hash(data: der))
            // A certificate that is odd in some other way is still known by its fingerprint.
            let parsed = try? X509.Certificate(derEncoded: der)
            let attributes = parsed?.subject.flatMap { $0 } ?? []
            userID = attributes.first { $0.type == Self.userIDAttribute }.flatMap { String($0.value) }
            isIssuedByAuthority = parsed.flatMap { authority?.issued($0) } ?? false
        }
    }

    /// nil if the client showed none.
    package let certificate: Certificate?
    package let address: SocketAddress?
}
