import CryptoExtras
import Foundation
import SwiftASN1
import X509

/// A certificate for whoever has none. Clients cannot tell who signed it unless they are given it, so it keeps out
/// listeners, not impostors.
enum SelfSignedCertificate {
    private static let lifetime: TimeInterval = 10 * 365 * 86_400

    /// - Parameters:
    ///   - names: the server's names; the first is the certificate's own.
    ///   - addresses: the server's addresses; what is not one is left out.
    /// - Throws: `StartingError` if the files cannot be written.
    static func make(
        names: [String], addresses: [String], _ files: TLSMaterial.Files
    ) throws(StartingError) {
        do {
            // RSA, as old devices know nothing else.
            let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
            let name = try DistinguishedName { CommonName(names[0]) }
            let alternatives =
                unique(names).map { GeneralName.dnsName($0) }
                + unique(addresses).compactMap(bytes).map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
                notValidBefore: Date(timeIntervalSinceNow: -86_400),
                notValidAfter: Date(timeIntervalSinceNow: lifetime), issuer: name, subject: name,
                signatureAlgorithm: .sha256WithRSAEncryption,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                    SubjectAlternativeNames(alternatives)
                },
                issuerPrivateKey: .init(key))
            try PrivateFile.write(key.pemRepresentation + "\n", to: files.key)
            try PrivateFile.write(certificate.serializeAsPEM().pemString + "\n", to: files.certificate)
        } catch {
            throw StartingError(
                code: "unusable_certificate",
                description:
                    "No certificate is configured, and none can be made in \(files.certificate): \(error). Set "
                    + "tls.certificate and tls.private_key.")
        }
    }

    private static func unique(_ texts: [String]) -> [String] {
        texts.enumerated().filter { texts.firstIndex(of: $1) == $0 }.map(\.element)
    }

    /// The bytes of an IPv4 or IPv6 address.
    private static func bytes(_ address: String) -> [UInt8]? {
        for (family, length) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: length)
            if inet_pton(family, address, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
