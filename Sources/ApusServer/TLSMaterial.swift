import Crypto
import CryptoExtras
import Foundation
import NIOSSL
import SwiftASN1
import X509

/// The certificate that this server shows, and its key.
enum TLSMaterial {
    struct Pair {
        let chain: [NIOSSLCertificate]
        let key: NIOSSLPrivateKey
    }

    /// The context for XMPP streams.
    /// - Throws: `StartingError` with what to do.
    static func context(_ configuration: Configuration) throws -> NIOSSLContext {
        let pair = try pair(configuration)
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: pair.chain.map { .certificate($0) }, privateKey: .privateKey(pair.key))
        tls.minimumTLSVersion = configuration.tls.minimumVersion.version
        tls.applicationProtocols = ["xmpp-client"]
        return try usable(configuration) { try NIOSSLContext(configuration: tls) }
    }

    /// The configured certificate, or a self-signed one made at the first start.
    /// - Throws: `StartingError` with what to do.
    static func pair(_ configuration: Configuration) throws -> Pair {
        let (certificate, key) = files(configuration)
        if configuration.tls.certificate == nil, !FileManager.default.fileExists(atPath: certificate) {
            try makeSelfSigned(for: configuration.xmpp.domain, certificate: certificate, key: key)
        }
        return try usable(configuration) {
            Pair(
                chain: try NIOSSLCertificate.fromPEMFile(certificate),
                key: try NIOSSLPrivateKey(file: key, format: .pem))
        }
    }

    private static func files(_ configuration: Configuration) -> (certificate: String, key: String) {
        let directory = configuration.server.dataDirectory
        return (
            configuration.tls.certificate ?? directory + "/tls-certificate.pem",
            configuration.tls.privateKey ?? directory + "/tls-key.pem"
        )
    }

    private static func usable<Result>(_ configuration: Configuration, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            let (certificate, key) = files(configuration)
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
