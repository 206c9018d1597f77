import Crypto
import CryptoExtras
import Foundation
import NIOSSL
import SwiftASN1
import X509

/// The certificate that this server shows, and its key.
enum TLSMaterial {
    /// The context for XMPP streams: with the configured certificate, or a self-signed one made at the first start.
    /// - Throws: `StartingError` with what to do.
    static func context(_ configuration: Configuration) throws -> NIOSSLContext {
        let directory = configuration.server.dataDirectory
        let certificate = configuration.tls.certificate ?? directory + "/tls-certificate.pem"
        let key = configuration.tls.privateKey ?? directory + "/tls-key.pem"
        if configuration.tls.certificate == nil, !FileManager.default.fileExists(atPath: certificate) {
            try makeSelfSigned(for: configuration.xmpp.domain, certificate: certificate, key: key)
        }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate)
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
            tls.minimumTLSVersion = configuration.tls.minimumVersion.version
            tls.applicationProtocols = ["xmpp-client"]
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw StartingError(
                code: "unusable_certificate",
                description:
                    "The certificate \(certificate) with the key \(key) cannot be used: \(error). Both must be PEM "
                    + "files, and belong together (tls.certificate, tls.private_key).")
        }
    }

    private static let lifetime: TimeInterval = 10 * 365 * 86_400

    /// Clients cannot tell who signed it, so it keeps out listeners, not impostors.
    private static func makeSelfSigned(for domain: String, certificate path: String, key keyPath: String) throws {
        do {
            // RSA, as old devices know nothing else.
            let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
            let name = try DistinguishedName { CommonName(domain) }
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
                notValidBefore: Date(timeIntervalSinceNow: -86_400),
                notValidAfter: Date(timeIntervalSinceNow: lifetime), issuer: name, subject: name,
                signatureAlgorithm: .sha256WithRSAEncryption,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                    SubjectAlternativeNames([.dnsName(domain)])
                },
                issuerPrivateKey: .init(key))
            try PrivateFile.write(key.pemRepresentation + "\n", to: keyPath)
            try PrivateFile.write(certificate.serializeAsPEM().pemString + "\n", to: path)
        } catch {
            throw StartingError(
                code: "unusable_certificate",
                description:
                    "No certificate is configured, and none can be made in \(path): \(error). Set tls.certificate and "
                    + "tls.private_key.")
        }
    }
}
