import ApusCore
import Foundation
import NIOSSL

/// The certificate that this server shows, and its key.
struct TLSMaterial: Sendable {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    /// Where they were read.
    let files: Files

    struct Files: Sendable, Equatable {
        let certificate: String
        let key: String
    }

    /// Reads the configured certificate, or a self-signed one, which is made if there is none yet.
    /// - Throws: `StartingError` with what to do.
    init(_ configuration: Configuration) throws(StartingError) {
        files = configuration.certificateFiles
        if configuration.tls.certificate == nil, !FileManager.default.fileExists(atPath: files.certificate) {
            try SelfSignedCertificate.make(
                names: [configuration.xmpp.domain, "localhost"], addresses: [configuration.server.host, "127.0.0.1"],
                files)
        }
        guard let chain = try? NIOSSLCertificate.fromPEMFile(files.certificate), !chain.isEmpty else {
            throw Self.unusable(files.certificate, "a certificate", key: "tls.certificate")
        }
        guard let key = try? NIOSSLPrivateKey(file: files.key, format: .pem) else {
            throw Self.unusable(files.key, "a private key without a passphrase", key: "tls.private_key")
        }
        (self.chain, self.key) = (chain, key)
    }

    /// When the certificate begins to hold.
    var beginning: Timestamp { Timestamp(milliseconds: Int64(chain.first?.notValidBefore ?? 0) * 1000) }

    /// When the certificate ends.
    var expiry: Timestamp { Timestamp(milliseconds: Int64(chain.first?.notValidAfter ?? 0) * 1000) }

    /// - Parameter protocols: what is spoken inside (ALPN, RFC 7301).
    /// - Throws: `StartingError` if certificate and key are not of each other.
    func context(_ configuration: Configuration, protocols: [String]) throws(StartingError) -> NIOSSLContext {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        tls.minimumTLSVersion = configuration.tls.minimumVersion.version
        tls.applicationProtocols = protocols
        do {
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw StartingError(
                code: "unusable_certificate",
                description:
                    "The private key \(files.key) is not that of the certificate \(files.certificate), or the "
                    + "certificates in that file do not begin with the server's own. Set tls.certificate and "
                    + "tls.private_key to files that belong together.")
        }
    }

    private static func unusable(_ path: String, _ content: String, key: String) -> StartingError {
        let isThere = FileManager.default.isReadableFile(atPath: path)
        return StartingError(
            code: "unusable_certificate",
            description: isThere
                ? "The file \(path) does not hold \(content) in PEM form (\(key))."
                : "The file \(path) does not exist or cannot be read; it must hold \(content) in PEM form (\(key)).")
    }
}

extension Configuration {
    var certificateFiles: TLSMaterial.Files {
        TLSMaterial.Files(
            certificate: tls.certificate ?? server.dataDirectory + "/tls-certificate.pem",
            key: tls.privateKey ?? server.dataDirectory + "/tls-key.pem")
    }

    /// Whether any listener needs a certificate.
    var needsCertificate: Bool { server.isEncrypted || xmpp.isOn || legacyAPNs.isOn }
}
