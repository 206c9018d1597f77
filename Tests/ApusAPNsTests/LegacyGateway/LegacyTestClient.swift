import ApusSimulators
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A program that speaks the binary protocol.
struct LegacyTestClient: Sendable {
    let channel: any Channel
    /// All that the server sent, once the connection is closed. Fails if it was not closed in order.
    let received: EventLoopFuture<[UInt8]>
    /// Which version of TLS was agreed on.
    let version: TLSVersion?

    /// - Parameter isReading: otherwise it reads nothing after the handshake, and its kernel takes little.
    static func connect(
        port: Int, authority: SimulatorAuthority, identity: SimulatorAuthority.Identity?, isReading: Bool = true
    ) async throws -> LegacyTestClient {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = try .certificates(NIOSSLCertificate.fromPEMBytes(Array(authority.certificate.utf8)))
        if let identity {
            tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(identity.certificate.utf8))
                .map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.privateKey.utf8), format: .pem))
        }
        let context = try NIOSSLContext(configuration: tls)
        let collector = Collector(MultiThreadedEventLoopGroup.singleton.next(), isReading: isReading)
        let channel = try await ClientBootstrap(group: collector.eventLoop)
            .channelOption(.socketOption(.so_rcvbuf), value: isReading ? 128 * 1024 : 4096)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(context: context, serverHostname: "localhost")
                    try channel.pipeline.syncOperations.addHandlers(handler, collector)
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try await collector.handshake.futureResult.get()
        let version = try? await channel.nioSSL_tlsVersion().get()
        return LegacyTestClient(channel: channel, received: collector.received.futureResult, version: version)
    }

    func send(_ bytes: some Sequence<UInt8>) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// As the C program of seed 001: writes, says goodbye, and closes at once, without reading.
    func sendAndClose(_ bytes: some Sequence<UInt8>) async throws {
        try await send(bytes)
        try? await channel.close(mode: .output)
        try await closeSocket()
    }

    /// Ends the connection with a TCP reset.
    func reset() async throws {
        _ = try await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await closeSocket()
    }

    /// Without the goodbye of TLS.
    private func closeSocket() async throws {
        try await channel.eventLoop.submit {
            let tls = try? channel.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self)
            tls?.close(promise: nil)
        }.get()
    }

    // SAFETY: a channel handler; touched on its channel's event loop only.
    private final class Collector: ChannelInboundHandler, @unchecked Sendable {
        typealias InboundIn = ByteBuffer

        let eventLoop: any EventLoop
        let handshake: EventLoopPromise<Void>
        let received: EventLoopPromise<[UInt8]>
        private let isReading: Bool
        private var bytes: [UInt8] = []
        private var error: (any Error)?

        init(_ eventLoop: any EventLoop, isReading: Bool) {
            self.isReading = isReading
            self.eventLoop = eventLoop
            handshake = eventLoop.makePromise()
            received = eventLoop.makePromise()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes += unwrapInboundIn(data).readableBytesView
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard case TLSUserEvent.handshakeCompleted = event else { return }
            if !isReading { try? context.channel.syncOptions?.setOption(.autoRead, value: false) }
            handshake.succeed()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            self.error = self.error ?? error
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            handshake.fail(error ?? ChannelError.eof)
            if let error { received.fail(error) } else { received.succeed(bytes) }
        }
    }
}
