import ApusCore
import ApusSimulators
import ApusTestKit
import CoreMetrics
import Crypto
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import ApusAPNs

@Suite("The binary gateway over TLS", .timeLimit(.minutes(1)))
struct LegacyGatewayServiceTests {
    private let authority: SimulatorAuthority
    private let identity: SimulatorAuthority.Identity
    private let metrics = LegacyGatewayMetrics(factory: NOOPMetricsHandler.instance)
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        authority = try SimulatorAuthority()
        identity = try authority.issueClientIdentity(bundleID: "com.example.app")
    }

    private func tls() throws -> LegacyTLS {
        let server = try authority.issueServerIdentity(hosts: ["localhost"])
        return LegacyTLS(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(server.certificate.utf8)),
            privateKey: try NIOSSLPrivateKey(bytes: Array(server.privateKey.utf8), format: .pem))
    }

    private func withGateway(
        _ backend: LegacyTestBackend, _ change: (inout LegacyGatewaySettings) -> Void = { _ in },
        tls: LegacyTLS? = nil, _ body: (LegacyGatewayService) async throws -> Void
    ) async throws {
        var settings = LegacyGatewaySettings()
        change(&settings)
        let service = try await LegacyGatewayService.bind(
            host: "127.0.0.1", port: 0, group: MultiThreadedEventLoopGroup.singleton, tls: tls ?? self.tls(),
            backend: backend, settings: settings, metrics: metrics, logger: logger)
        try await body(service)
        try await service.close()
        await service.drain(within: .zero)
    }

    private func withFeedback(
        _ backend: LegacyTestBackend, _ change: (inout LegacyGatewaySettings) -> Void = { _ in },
        _ body: (LegacyFeedbackService) async throws -> Void
    ) async throws {
        var settings = LegacyGatewaySettings()
        change(&settings)
        let service = try await LegacyFeedbackService.bind(
            host: "127.0.0.1", port: 0, group: MultiThreadedEventLoopGroup.singleton, tls: tls(), backend: backend,
            settings: settings, metrics: metrics, logger: logger)
        try await body(service)
        try await service.close()
    }

    private func connect(_ port: Int, _ identity: SimulatorAuthority.Identity?) async throws -> LegacyTestClient {
        try await LegacyTestClient.connect(port: port, authority: authority, identity: identity)
    }

    // MARK: Notifications

    @Test("what a program sends before it closes at once is accepted, as the C program of seed 001 relies on")
    func cProgram() async throws {
        let backend = LegacyTestBackend()
        try await withGateway(backend) { service in
            for _ in 0..<20 {
                let client = try await connect(service.port, identity)
                #expect(client.version == .tlsv12)
                try await client.sendAndClose(SeedPackets.c + SeedPackets.php)
            }
            try await eventually { backend.notifications.count == 40 }
            let payloads = Set(backend.notifications.map { String(buffer: $0.payload) })
            #expect(payloads == [SeedPackets.cPayload, SeedPackets.phpPayload])
        }
    }

    @Test("all that came is handed over, also if the client is long gone when the backend gets round to it")
    func slowBackend() async throws {
        let backend = LegacyTestBackend(verdict: { _ in nil })
        try await withGateway(backend, { $0.window = 2 }) { service in
            let client = try await connect(service.port, identity)
            try await client.sendAndClose(SeedPackets.php + SeedPackets.php + SeedPackets.c + SeedPackets.c)
            for count in [2, 4] {
                try await eventually { backend.notifications.count == count }
                backend.answerAll()
            }
        }
    }

    @Test("an error reaches a client that goes on sending without reading")
    func errorPacket() async throws {
        let backend = LegacyTestBackend(verdict: {
            $0.identifier == 5 << 24 ? .failure(.rejected(.invalidToken)) : .success(())
        })
        try await withGateway(backend) { service in
            let client = try await connect(service.port, identity)
            let packets = (0..<3000).flatMap { SeedPackets.c(identifier: $0, expiry: 0, message: Array("Hi".utf8)) }
            client.channel.writeAndFlush(ByteBuffer(bytes: packets), promise: nil)
            #expect(try await client.received.get() == [8, 8, 5, 0, 0, 0])
            #expect(backend.notifications.count == 6)
        }
    }

    @Test("who sends something else is disconnected without a word", arguments: ["a\n", "GET / HTTP/1.1\r\n\r\n"])
    func otherProtocols(text: String) async throws {
        let backend = LegacyTestBackend()
        try await withGateway(backend) { service in
            let client = try await connect(service.port, identity)
            try await client.send(Array(text.utf8))
            #expect(try await client.received.get() == [])
            #expect(backend.notifications.isEmpty)
        }
    }

    @Test("when the server stops, clients learn what was accepted last")
    func drains() async throws {
        let backend = LegacyTestBackend(verdict: { _ in nil })
        try await withGateway(backend) { service in
            let client = try await connect(service.port, identity)
            try await client.send(SeedPackets.c(identifier: 7, expiry: 0, message: [0x61]))
            try await eventually { backend.notifications.count == 1 }
            async let drained: Void = service.drain(within: .seconds(10))
            backend.answerAll()
            #expect(try await client.received.get() == [8, 10, 7, 0, 0, 0])
            await drained
        }
    }

    @Test("a client that does not speak TLS is closed in time")
    func noTLS() async throws {
        let backend = LegacyTestBackend()
        try await withGateway(backend, { $0.handshakeTime = .milliseconds(20) }) { service in
            let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: service.port).get()
            try await client.closeFuture.get()
            #expect(backend.peers.isEmpty)
        }
    }

    // MARK: Clients

    @Test("the directory of clients is told fingerprint, user id, authority and address")
    func peers() async throws {
        let stranger = try SimulatorAuthority().issueClientIdentity(bundleID: "com.example.old")
        var tls = try tls()
        tls.authority = try LegacyClientAuthority(pem: authority.certificate)
        let backend = LegacyTestBackend(knows: { _ in true })
        try await withGateway(backend, tls: tls) { service in
            for identity in [identity, stranger, nil] {
                let client = try await connect(service.port, identity)
                try await client.sendAndClose(SeedPackets.c)
            }
            try await eventually { backend.notifications.count == 3 }
            let peers = backend.peers
            #expect(peers.map { $0.certificate?.userID } == ["com.example.app", "com.example.old", nil])
            #expect(peers.map { $0.certificate?.isIssuedByAuthority } == [true, false, nil])
            #expect(peers.allSatisfy { $0.address?.ipAddress == "127.0.0.1" })
            let der = try NIOSSLCertificate(bytes: Array(identity.certificate.utf8), format: .pem).toDERBytes()
            #expect(peers[0].certificate?.fingerprint == Array(SHA256.hash(data: der)))
            #expect(
                SHA256.hash(data: der).description == "SHA256 digest: \(peers[0].certificate?.fingerprintText ?? "")")
        }
    }

    @Test("a client that is not known is closed, and what it sent is not looked at")
    func unknownClient() async throws {
        let backend = LegacyTestBackend()
        try await withGateway(backend) { service in
            let client = try await connect(service.port, nil)
            try? await client.send(SeedPackets.c)
            _ = try? await client.received.get()
            #expect(backend.peers.count == 1)
            #expect(backend.notifications.isEmpty)
        }
    }

    @Test("no more connections are served than may be open")
    func connectionLimit() async throws {
        let backend = LegacyTestBackend()
        try await withGateway(backend, { $0.connections = 1 }) { service in
            let first = try await connect(service.port, identity)
            await #expect(throws: (any Error).self) { try await connect(service.port, identity) }
            try await first.sendAndClose(SeedPackets.c)
            let deadline = ContinuousClock.now + .seconds(10)
            while (try? await connect(service.port, identity)) == nil {
                try #require(ContinuousClock.now < deadline, "the place is never free again")
            }
        }
    }

    // MARK: Feedback

    private func feedback(_ count: Int) -> [LegacyFeedback] {
        (0..<count).map {
            LegacyFeedback(
                token: SeedPackets.token, time: Timestamp(milliseconds: 0x1122_3344 * 1000 + 999),
                position: Int64($0) - 2)
        }
    }

    @Test("feedback is told in tuples of 38 bytes, once, and the connection is closed")
    func tellsFeedback() async throws {
        let backend = LegacyTestBackend()
        backend.add(feedback(2500))
        try await withFeedback(backend) { service in
            let client = try await connect(service.port, identity)
            let bytes = try await client.received.get()
            #expect(bytes.count == 2500 * 38)
            #expect(Array(bytes.prefix(38)) == [0x11, 0x22, 0x33, 0x44, 0, 32] + SeedPackets.token)
            try await eventually { backend.feedback.isEmpty }
            let again = try await connect(service.port, identity)
            #expect(try await again.received.get() == [])
        }
    }

    @Test("feedback that did not reach the client is kept")
    func keepsFeedback() async throws {
        let backend = LegacyTestBackend()
        backend.add(feedback(2500))
        try await withFeedback(backend) { service in
            let client = try await LegacyTestClient.connect(
                port: service.port, authority: authority, identity: identity, isReading: false)
            // All is written, as far as the server can write.
            try await eventually { backend.pages == 3 }
            try await client.reset()
            try? await client.channel.closeFuture.get()
        }
        #expect(backend.feedback.count == 2500)
    }
}
