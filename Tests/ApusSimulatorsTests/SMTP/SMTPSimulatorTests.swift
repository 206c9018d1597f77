import ApusTestKit
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import ApusSimulators

@Suite("SMTPSimulator", .timeLimit(.minutes(1)))
struct SMTPSimulatorTests {
    /// Keeps what comes.
    // SAFETY: `text` has its own lock, and there is nothing else.
    final class Transcript: ChannelInboundHandler, @unchecked Sendable {
        typealias InboundIn = ByteBuffer
        let text = Mutex("")
        let isClosed = Mutex(false)

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            text.withLock { $0 += String(buffer: bytes) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            isClosed.withLock { $0 = true }
        }
    }

    static let message =
        "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<550-x@d.example>\r\nDATA\r\nhello\r\n.\r\n"

    func withSimulator(_ body: (SMTPSimulator, any Channel, Transcript) async throws -> Void) async throws {
        let simulator = try await SMTPSimulator.start(SMTPSettings(), group: MultiThreadedEventLoopGroup.singleton)
        let transcript = Transcript()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { $0.pipeline.addHandler(transcript) }
            .connect(host: "127.0.0.1", port: simulator.port).get()
        try await body(simulator, channel, transcript)
        try await simulator.stop()
        try await channel.closeFuture.get()
    }

    func say(_ text: String, _ channel: any Channel) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    @Test("commands that come at once are answered in their order, and the message is shown")
    func pipelining() async throws {
        try await withSimulator { simulator, channel, transcript in
            try await say(Self.message + "QUIT\r\n", channel)
            try await eventually("the end") { transcript.isClosed.withLock { $0 } }
            let codes = transcript.text.withLock {
                $0.split(separator: "\r\n").filter { $0.dropFirst(3).first == " " }.map { $0.prefix(3) }
            }
            #expect(codes == ["220", "250", "250", "250", "550", "354", "250", "221"])
            let accepted = try #require(simulator.control.journal.accepted.first)
            #expect(accepted.sender == "a@b.example")
            #expect(accepted.targets == ["c@d.example"])
            #expect(accepted.body == "hello\r\n")
            #expect(simulator.control.journal.counts.refused == ["550": 1])
            let client = try await HTTPTestClient.connect(port: simulator.control.port)
            #expect(try await client.send(.GET, "/control/accepted").body.contains(#""sender":"a@b.example""#))
            try await client.close()
        }
    }

    @Test("messages are refused, late or lost as it is demanded")
    func demanded() async throws {
        try await withSimulator { simulator, channel, transcript in
            simulator.control.change {
                $0.latency = .milliseconds(20)
                $0.rules = [VendorRule(.code("451"), times: 1), VendorRule(.fault(.close), accepts: true)]
            }
            try await say(Self.message + Self.message + Self.message, channel)
            try await eventually("the end") { transcript.isClosed.withLock { $0 } }
            #expect(transcript.text.withLock { $0.contains("451 This was demanded\r\n250-") })
            #expect(simulator.control.journal.counts.accepted == 1)
            #expect(simulator.control.journal.counts.faults == 1)
        }
    }

    @Test("a line without an end is refused")
    func longLine() async throws {
        try await withSimulator { _, channel, transcript in
            try await say(String(repeating: "x", count: 20_000), channel)
            try await eventually("the end") { transcript.isClosed.withLock { $0 } }
            #expect(transcript.text.withLock { $0.hasSuffix("500 The line is too long\r\n") })
        }
    }
}
