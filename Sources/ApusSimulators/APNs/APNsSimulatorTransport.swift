import Foundation
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOSSL

extension APNsSimulatorConfiguration {
    /// The server's certificate and key, and the certificate that its clients are to trust, as PEM.
    func makeIdentity() throws -> (SimulatorAuthority.Identity, trusted: String) {
        if let identity { return (identity, identity.certificate) }
        let authority = try authority ?? SimulatorAuthority()
        if let certificateDirectory {
            try authority.certificate.write(toFile: "\(certificateDirectory)/ca.pem", atomically: true, encoding: .utf8)
        }
        return (try authority.issueServerIdentity(hosts: hostNames), authority.certificate)
    }
}

extension TLSConfiguration {
    /// A client may show a certificate; whether it is a good one is told in the answers to its requests.
    static func simulator(_ identity: SimulatorAuthority.Identity) throws -> TLSConfiguration {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(identity.certificate.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(identity.privateKey.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2"]
        configuration.certificateVerification = .optionalVerification
        return configuration
    }
}

extension APNsSimulatorContext {
    func addHandlers(to channel: any Channel, _ tls: NIOSSLContext) throws {
        let behaviour = behaviour
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(
            NIOSSLServerHandler(context: tls) { _, verdict in verdict.succeed(.certificateVerified) })
        try pipeline.addHandler(NIOHTTP2Handler.simulator(behaviour))
        try pipeline.addHandler(
            APNsConnectionHandler(self, eventLoop: channel.eventLoop, behaviour: behaviour))
    }
}

extension NIOHTTP2Handler {
    /// NIO's own limits on what a client may do are lifted where they would answer in the simulator's place.
    fileprivate static func simulator(_ behaviour: APNsBehaviour) -> NIOHTTP2Handler {
        var connection = ConnectionConfiguration()
        // As seen from APNs.
        connection.initialSettings = [
            HTTP2Setting(parameter: .headerTableSize, value: 4096),
            HTTP2Setting(parameter: .maxConcurrentStreams, value: StreamLimit.first(behaviour)),
            HTTP2Setting(parameter: .initialWindowSize, value: behaviour.streamWindow),
            HTTP2Setting(parameter: .maxFrameSize, value: 16_384),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 8000),
        ]
        // What is still on its way on a refused stream is no error.
        connection.maximumRecentlyResetStreams = 2048
        connection.maximumConnectionGlitches = .max
        connection.controlFrameRateLimit.windowLength = .zero
        var stream = StreamConfiguration()
        stream.streamResetFrameRateLimit.windowLength = .zero
        stream.streamErrorRateLimit.windowLength = .zero
        return NIOHTTP2Handler(mode: .server, connectionConfiguration: connection, streamConfiguration: stream)
    }
}
