import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL

/// Opens connections to a lane's server: TCP, TLS 1.2 or later, HTTP/2.
struct Dialer: Sendable {
    private let endpoint: APNsEndpoint
    private let context: NIOSSLContext
    private let eventLoop: any EventLoop
    private let timeout: TimeAmount

    /// - Throws: if the endpoint's certificates or those of the credentials cannot be used.
    init(_ lane: APNsLane, on eventLoop: any EventLoop) throws {
        endpoint = lane.endpoint
        self.eventLoop = eventLoop
        timeout = lane.limits.connectTime
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2"]
        if case .file(let path) = lane.endpoint.trustRoots {
            guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
                throw ConnectionError.badTrustRoots(path)
            }
            configuration.trustRoots = .certificates(certificates)
        }
        if case .certificate(let certificate) = lane.credentials {
            configuration.certificateChain = certificate.chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(certificate.key)
        }
        context = try NIOSSLContext(configuration: configuration)
    }

    /// All addresses of the server.
    func resolve() -> EventLoopFuture<[SocketAddress]> {
        let endpoint = endpoint
        return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) {
            try AddressResolver.addresses(of: endpoint.host, port: endpoint.port)
        }
    }

    /// Connects. TLS and HTTP/2 go on after that; `handler` learns when the connection is ready or lost.
    func connect(_ handler: ConnectionHandler) -> EventLoopFuture<Void> {
        ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: serverHostname))
                    try pipeline.addHandler(Self.http2Handler(reportingTo: handler))
                    try pipeline.addHandler(handler)
                }
            }
            .connect(to: handler.address).map { _ in }
    }

    /// Addresses have no place in SNI (RFC 6066 §3); the certificate is then checked against the address.
    private var serverHostname: String? {
        (try? SocketAddress(ipAddress: endpoint.serverName, port: 0)) == nil ? endpoint.serverName : nil
    }

    private static func http2Handler(reportingTo handler: ConnectionHandler) -> NIOHTTP2Handler {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 16_384),
        ]
        // Notifications and credentials are checked when they are made, and all lengths are bounded.
        connection.headerBlockValidation = .disabled
        connection.contentLengthValidation = .disabled
        // A late answer on a stream that it has forgotten to have reset would end the connection; and so would a server
        // that makes good use of RST_STREAM, as it must when its limit falls.
        connection.maximumRecentlyResetStreams = 2048
        connection.maximumConnectionGlitches = 10_000
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = 4096
        stream.streamResetFrameRateLimit.windowLength = .milliseconds(10)
        return NIOHTTP2Handler(
            mode: .client, frameDelegate: handler, connectionConfiguration: connection, streamConfiguration: stream)
    }
}
