package import ApusCore
import NIOSSL

/// A certificate that Apple issued for an app's pushes, with its key.
package struct ClientCertificate: Sendable {
    /// When APNs stops accepting it.
    package let expiresAt: Timestamp
    /// The user id in the subject: the app's bundle id, and the topic of those that name none.
    package let userID: String?
    /// The topics that it is for; empty if it does not say, as certificates for one topic do.
    package let topics: [String]
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey

    /// - Throws: `ApusError` that says what to change.
    package init(pemOrP12 file: [UInt8], passphrase: String? = nil) throws(ApusError) {
        if String(decoding: file, as: UTF8.self).contains("-----BEGIN") {
            (chain, key) = try Self.parsePEM(file, passphrase)
        } else {
            (chain, key) = try Self.parseP12(file, passphrase)
        }
        guard let leaf = chain.first else { throw Self.error("The file holds no certificate.") }
        try Self.checkPair(chain, key)
        expiresAt = Timestamp(milliseconds: Int64(leaf.notValidAfter) * 1000)
        do {
            let fields = try CertificateFields(der: leaf.toDERBytes())
            userID = fields.userID
            topics = fields.topics
        } catch {
            throw Self.error("The certificate's subject or topics cannot be read (\(error)). Export it again.")
        }
    }

    private static func parsePEM(
        _ file: [UInt8], _ passphrase: String?
    ) throws(ApusError) -> ([NIOSSLCertificate], NIOSSLPrivateKey) {
        let text = String(decoding: file, as: UTF8.self)
        guard text.contains("BEGIN CERTIFICATE") else {
            throw error(
                "The PEM file holds no certificate. Put certificate and key into one file: cat cert.pem key.pem")
        }
        guard text.contains("PRIVATE KEY-----") else {
            throw error(
                "The PEM file holds no private key. Put certificate and key into one file: cat cert.pem key.pem")
        }
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMBytes(file)
        } catch {
            throw Self.error("The certificate in the PEM file is damaged. Export it again.")
        }
        do {
            let key = try NIOSSLPrivateKey(bytes: file, format: .pem) { setter in setter((passphrase ?? "").utf8) }
            return (certificates, key)
        } catch {
            throw Self.error(
                text.contains("ENCRYPTED")
                    ? "The key in the PEM file is encrypted, and the passphrase does not fit."
                    : "The key in the PEM file is damaged. Export it again.")
        }
    }

    private static func parseP12(
        _ file: [UInt8], _ passphrase: String?
    ) throws(ApusError) -> ([NIOSSLCertificate], NIOSSLPrivateKey) {
        guard file.first == 0x30 else {
            throw error("The file is neither PEM nor PKCS #12. Export certificate and key together as .p12.")
        }
        // NIOSSL ends the process if one of them is missing.
        guard P12Contents.hasKey(file) else {
            throw error("The .p12 file holds no private key. Export the certificate together with its key.")
        }
        guard P12Contents.hasCertificate(file) else {
            throw error("The .p12 file holds no certificate. Export the certificate together with its key.")
        }
        do {
            let bundle = try NIOSSLPKCS12Bundle(buffer: file, passphrase: (passphrase ?? "").utf8)
            return (bundle.certificateChain, bundle.privateKey)
        } catch {
            throw Self.error(
                "The .p12 file cannot be opened: the passphrase is wrong, the file is damaged, or it is encrypted in a way "
                    + "that is not known here. If the passphrase is right, convert the file and use the result: "
                    + "openssl pkcs12 -legacy -in old.p12 -nodes -out new.pem")
        }
    }

    /// TLS wants the certificate that belongs to the key first.
    private static func checkPair(_ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey) throws(ApusError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateChain = chain.map { .certificate($0) }
        configuration.privateKey = .privateKey(key)
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw Self.error("The key does not belong to the first certificate in the file. Export both together.")
        }
    }

    private static func error(_ message: String) -> ApusError {
        APNsCredentials.error("apns_certificate_invalid", message)
    }
}
