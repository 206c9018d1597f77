import NIOCore
package import NIOSSL

/// How the listeners of the binary protocol speak TLS.
package struct LegacyTLS: Sendable {
    package var certificateChain: [NIOSSLCertificate]
    package var privateKey: NIOSSLPrivateKey
    /// Whose client certificates are marked as its own.
    package var authority: LegacyClientAuthority?
    /// Whether programs from before 2014 can connect: TLS 1.0 and 1.1, and ciphers in CBC mode. These are broken; keep such
    /// programs on your own network.
    package var allowsOldProtocols = false

    package init(certificateChain: [NIOSSLCertificate], privateKey: NIOSSLPrivateKey) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
    }

    /// - Throws: what NIOSSL throws if certificate and key do not fit.
    func makeContext() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificateChain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = allowsOldProtocols ? .tlsv1 : .tlsv12
        // With TLS 1.3 the tickets that a client never reads make its kernel reset the connection when it closes, and
        // what it sent last can be lost. The clients of this protocol write and close without reading.
        configuration.maximumTLSVersion = .tlsv12
        if !allowsOldProtocols { configuration.cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20:RSA+AESGCM" }
        // Asks for a certificate. Who has none may be let in by address.
        configuration.certificateVerification = .optionalVerification
        return try NIOSSLContext(configuration: configuration)
    }

    /// Lets every certificate pass: which are good is for the directory of clients to say.
    static func makeHandler(_ context: NIOSSLContext) -> NIOSSLServerHandler {
        NIOSSLServerHandler(context: context) { _, verdict in verdict.succeed(.certificateVerified) }
    }
}
