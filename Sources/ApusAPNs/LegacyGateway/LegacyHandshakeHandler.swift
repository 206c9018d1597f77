import CoreMetrics
import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// Waits for TLS, finds out who the client is, and makes way for the handler that serves it.
// SAFETY: a channel handler; touched on its channel's event loop only.
final class LegacyHandshakeHandler: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private let shared: LegacyListener.Shared
    private var timer: Scheduled<Void>?

    init(_ shared: LegacyListener.Shared) {
        self.shared = shared
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: shared.settings.handshakeTime) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted = event else {
            return context.fireUserInboundEventTriggered(event)
        }
        let peer = peer(context)
        guard let client = shared.directory.client(for: peer) else {
            shared.metrics.strangers.increment()
            shared.logger.warning(
                """
                Legacy APNs gateway: A client that is not known was closed. Register its certificate's fingerprint or its \
                address.
                """,
                metadata: [
                    "address": "\(peer.address?.ipAddress ?? "?")",
                    "fingerprint": "\(peer.certificate?.fingerprintText ?? "no certificate")",
                ])
            return context.close(promise: nil)
        }
        shared.metrics.connections.increment()
        let handler = shared.makeHandler(client, shared, context.eventLoop)
        try? context.pipeline.syncOperations.addHandler(handler, position: .after(self))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        shared.logger.debug("Legacy APNs gateway: A client failed to establish TLS.", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    private func peer(_ context: ChannelHandlerContext) -> LegacyPeer {
        let tls = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
        let certificate = tls?.peerCertificate.flatMap {
            try? LegacyPeer.Certificate($0, authority: shared.authority)
        }
        return LegacyPeer(certificate: certificate, address: context.remoteAddress)
    }
}
