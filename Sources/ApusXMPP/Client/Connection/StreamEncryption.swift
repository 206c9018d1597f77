import NIOCore
import NIOSSL

/// TLS with a server whose certificate must be valid for the domain it serves, whatever host it runs on
/// (RFC 6120 §13.7.2).
struct StreamEncryption: Sendable {
    private let context: NIOSSLContext
    private let domain: String

    /// - Parameters:
    ///   - trustRoots: a PEM file of the certificates that vouch for the server's; nil for those of the system.
    /// - Throws: `ClientSettingsError` if the file cannot be used.
    init(domain: String, trustRoots: String?) throws(ClientSettingsError) {
        self.domain = domain
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let trustRoots {
            guard let certificates = try? NIOSSLCertificate.fromPEMFile(trustRoots), !certificates.isEmpty else {
                throw ClientSettingsError("\(trustRoots) is not a readable PEM file of certificates.")
            }
            configuration.trustRoots = .certificates(certificates)
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw ClientSettingsError("TLS cannot be set up: \(error)")
        }
    }

    func handler() throws -> NIOSSLClientHandler {
        // Addresses have no place in SNI (RFC 6066 §3); the certificate is then checked against the address.
        let isAddress = (try? SocketAddress(ipAddress: domain, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : domain)
    }

    /// Why TLS ended the stream; nil if the error has nothing to say.
    func ending(for error: any Error) -> StreamEnding? {
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            return .refused("The server's certificate is not for \(domain).")
        }
        guard case .handshakeFailed(let detail)? = error as? NIOSSLError else { return nil }
        if case .sslError(let stack) = detail, stack.contains(.eofDuringHandshake) {
            return .lost("The server closed the connection during the TLS handshake.")
        }
        return .refused(
            "There is no trusted connection to \(domain): \(detail). If its certificate is self-signed, name the file "
                + "of that certificate as trust roots.")
    }
}

/// Settings that cannot work, and what to change.
package struct ClientSettingsError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
