import ApusCore
import CoreMetrics
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import ApusAPNs

@Suite("LegacyGatewayHandler")
struct LegacyGatewayHandlerTests {
    /// Stands for the socket: counts how often it is asked for more.
    // SAFETY: used on one thread.
    private final class ReadCounter: ChannelOutboundHandler, @unchecked Sendable {
        typealias OutboundIn = ByteBuffer

        var count = 0

        func read(context: ChannelHandlerContext) {
            count += 1
        }
    }

    private let backend: LegacyTestBackend
    private let channel = EmbeddedChannel()
    private let reads = ReadCounter()

    init() throws {
        backend = LegacyTestBackend(verdict: { _ in nil })
        var settings = LegacyGatewaySettings()
        settings.window = 2
        settings.frameTime = .seconds(60)
        settings.idleTime = .hours(2)
        let shared = LegacyListener.Shared(
            directory: backend, authority: nil, settings: settings,
            metrics: LegacyGatewayMetrics(factory: NOOPMetricsHandler.instance),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            makeHandler: { [backend] client, shared, eventLoop in
                LegacyGatewayHandler(client: client, backend: backend, shared, eventLoop: eventLoop)
            })
        let handler = LegacyGatewayHandler(
            client: LegacyTestBackend.client, backend: backend, shared, eventLoop: channel.embeddedEventLoop)
        try channel.pipeline.syncOperations.addHandlers(reads, handler)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        reads.count = 0
    }

    private func receive(_ bytes: some Sequence<UInt8>) throws {
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        channel.read()
    }

    private func advance(by time: TimeAmount) {
        channel.embeddedEventLoop.advanceTime(by: time)
    }

    @Test("what the backend cannot take yet stays with the client")
    func backPressure() throws {
        try receive(SeedPackets.c + SeedPackets.c)
        #expect(reads.count == 1)
        // What was under way when the window was full is kept, but no more is asked for.
        try receive(SeedPackets.c + SeedPackets.c)
        #expect(reads.count == 1)
        #expect(backend.notifications.count == 2)
        backend.answerAll()
        #expect(backend.notifications.count == 4)
        #expect(reads.count == 2)
    }

    @Test("a client that does not finish its frame is closed, also if it sends a byte now and then")
    func unfinishedFrame() throws {
        for byte in SeedPackets.c.prefix(4) {
            try receive([byte])
            #expect(channel.isActive)
            advance(by: .seconds(15))
        }
        #expect(!channel.isActive)
    }

    @Test("a client may take its time as long as frames are finished")
    func slowFrames() throws {
        for _ in 0..<10 {
            try receive(SeedPackets.c.prefix(60))
            advance(by: .seconds(40))
            try receive(SeedPackets.c.dropFirst(60))
            backend.answerAll()
            advance(by: .seconds(40))
        }
        #expect(channel.isActive)
        #expect(backend.notifications.count == 10)
    }

    @Test("a backend that is slow does not make its client late")
    func slowBackend() throws {
        try receive(SeedPackets.c + SeedPackets.c + SeedPackets.c.prefix(60))
        advance(by: .minutes(10))
        #expect(channel.isActive)
    }

    @Test("a client may be silent for hours, but not for ever")
    func silence() throws {
        try receive(SeedPackets.c)
        advance(by: .minutes(119))
        #expect(channel.isActive)
        advance(by: .minutes(2))
        #expect(!channel.isActive)
    }
}
