import ApusCore
import ApusTestKit
import Foundation
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import Testing

@testable import ApusSimulators

@Suite("APNsSimulator", .timeLimit(.minutes(1)))
struct APNsSimulatorTests {
    static let payload = #"{"aps":{"alert":"Hi"}}"#
    static let id = "123e4567-e89b-12d3-a456-4266554400a0"
    let forge = ProviderTokenForge()
    let clock = ManualClock()
    let authorization: String

    init() throws {
        authorization = try forge.authorization(at: clock.now)
    }

    func configuration(_ change: (inout APNsBehaviour) -> Void = { _ in }) -> APNsSimulatorConfiguration {
        var configuration = APNsSimulatorConfiguration()
        configuration.teams = [forge.team]
        configuration.clock = clock
        change(&configuration.behaviour)
        return configuration
    }

    func withSimulator(
        _ configuration: APNsSimulatorConfiguration, _ body: (APNsSimulator) async throws -> Void
    ) async throws {
        let simulator = try await APNsSimulator.start(configuration, group: MultiThreadedEventLoopGroup.singleton)
        try await body(simulator)
        try await simulator.stop()
    }

    /// With one client that is connected.
    func withClient(
        _ change: (inout APNsBehaviour) -> Void = { _ in },
        _ body: (APNsSimulator, APNsTestClient) async throws -> Void
    ) async throws {
        try await withSimulator(configuration(change)) { simulator in
            let client = try await APNsTestClient.connect(to: simulator)
            try await body(simulator, client)
            try await client.close()
        }
    }

    func request(_ token: String = "ab", _ others: (String, String)...) -> HPACKHeaders {
        var headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "https", ":authority": "localhost", ":path": "/3/device/\(token)",
            "apns-topic": ProviderTokenForge.bundleID, "authorization": authorization,
        ]
        headers.add(contentsOf: others)
        return headers
    }

    // MARK: Answers

    @Test("an accepted notification is answered with its id and kept")
    func accepts() async throws {
        try await withClient { simulator, client in
            let answer = try await client.post(request("ab", ("apns-id", Self.id)), Self.payload)
            #expect(answer == APNsTestClient.Answer(status: 200, headers: ["apns-id": Self.id]))
            let accepted = simulator.journal.accepted
            #expect(accepted.map(\.id) == [Self.id])
            #expect(accepted.first?.payload == ByteBuffer(string: Self.payload))
            #expect(simulator.journal.counts.accepted == 1)
        }
    }

    @Test("a notification without an id gets one")
    func makesID() async throws {
        try await withClient { simulator, client in
            let ids = try await [client.post(request(), Self.payload), client.post(request(), Self.payload)]
                .compactMap { $0.headers["apns-id"] }
            #expect(Set(ids).count == 2)
            #expect(ids.allSatisfy { UUID(uuidString: $0) != nil })
            #expect(simulator.journal.accepted.map(\.id) == ids)
        }
    }

    @Test("the sandbox gives each accepted notification a unique id")
    func sandbox() async throws {
        var configuration = configuration()
        configuration.environment = .sandbox
        try await withSimulator(configuration) { simulator in
            let client = try await APNsTestClient.connect(to: simulator)
            let answer = try await client.post(request(), Self.payload)
            #expect(UUID(uuidString: answer.headers["apns-unique-id"] ?? "") != nil)
            try await client.close()
        }
    }

    @Test("a refusal says why, and status 410 since when")
    func refuses() async throws {
        let rules = [
            APNsTokenRule(prefix: "dead", reason: .unregistered, timestamp: 1_700_000_000_123),
            APNsTokenRule(prefix: "b0", reason: .tooManyRequests, retryAfter: 7),
        ]
        try await withClient({ $0.tokenRules = rules }) { simulator, client in
            let dead = try await client.post(request("dead", ("apns-id", Self.id)), Self.payload)
            #expect(dead.status == 410)
            #expect(dead.body == #"{"reason":"Unregistered","timestamp":1700000000123}"#)
            #expect(dead.headers["apns-id"] == Self.id)
            let busy = try await client.post(request("b0"), Self.payload)
            #expect(busy.status == 429)
            #expect(busy.body == #"{"reason":"TooManyRequests"}"#)
            #expect(busy.headers["retry-after"] == "7")
            let wrong = try await client.post(request("xy"), Self.payload)
            #expect(wrong.status == 400)
            #expect(wrong.body == #"{"reason":"BadDeviceToken"}"#)
            #expect(try await client.post(request(), "").body == #"{"reason":"PayloadEmpty"}"#)
            #expect(
                simulator.journal.counts.rejected
                    == [.unregistered: 1, .tooManyRequests: 1, .badDeviceToken: 1, .payloadEmpty: 1])
            #expect(simulator.journal.accepted.isEmpty)
        }
    }

    @Test("the JSON of a refusal may come in pieces")
    func fragments() async throws {
        try await withClient({ $0.fragmentsErrors = true }) { _, client in
            let answer = try await client.post(request("xy"), Self.payload)
            #expect(answer.body == #"{"reason":"BadDeviceToken"}"#)
            #expect(answer.fragments == 5)
        }
    }

    @Test("an answer comes no earlier than its latency")
    func latency() async throws {
        try await withClient({ $0.latency = .milliseconds(30) }) { _, client in
            let start = ContinuousClock.now
            _ = try await client.post(request(), Self.payload)
            #expect(ContinuousClock.now - start >= .milliseconds(30))
        }
    }

    // MARK: Credentials

    @Test("a client with a certificate needs no token, and one whose certificate is unknown is refused")
    func certificates() async throws {
        let authority = try SimulatorAuthority()
        let identity = try authority.issueClientIdentity(bundleID: "com.example.old")
        var configuration = configuration()
        configuration.authority = authority
        configuration.certificates = [try APNsClientCertificate(pem: identity.certificate)]
        let stranger = try authority.issueClientIdentity(bundleID: "com.example.old")
        try await withSimulator(configuration) { simulator in
            let client = try await APNsTestClient.connect(to: simulator, identity: identity)
            var headers = request()
            headers.remove(name: "authorization")
            headers.remove(name: "apns-topic")
            #expect(try await client.post(headers, Self.payload).status == 200)
            #expect(simulator.journal.accepted.map(\.topic) == ["com.example.old"])
            try await client.close()
            let other = try await APNsTestClient.connect(to: simulator, identity: stranger)
            #expect(try await other.post(headers, Self.payload).body == #"{"reason":"BadCertificate"}"#)
            try await other.close()
        }
    }

    @Test("who does not speak HTTP/2 is not listened to")
    func onlyHTTP2() async throws {
        try await withSimulator(configuration()) { simulator in
            await #expect(throws: (any Error).self) {
                let client = try await APNsTestClient.connect(to: simulator, protocols: ["http/1.1"])
                _ = try await client.post(request(), Self.payload)
            }
            #expect(simulator.journal.counts.accepted == 0)
        }
    }

    // MARK: Limits

    @Test("the limit of streams can be changed while clients are connected")
    func streamLimit() async throws {
        try await withClient { simulator, client in
            #expect(client.streamLimits == [1000])
            await simulator.change { $0.concurrentStreams = [1] }
            try await eventually { client.streamLimits == [1000, 1] }
            await simulator.change { $0.concurrentStreams = [2, 3] }
            await simulator.change { $0.concurrentStreamsInterval = .milliseconds(1) }
            try await eventually { client.streamLimits.count > 20 }
            #expect(Set(client.streamLimits.dropFirst(2)) == [2, 3])
            #expect(try await client.post(request(), Self.payload).status == 200)
        }
    }

    @Test("a connection may start with one stream, until a valid token comes")
    func startsWithOneStream() async throws {
        try await withClient({ $0.startsWithOneStream = true }) { _, client in
            #expect(client.streamLimits == [1])
            var headers = request()
            headers.remove(name: "authorization")
            #expect(try await client.post(headers, Self.payload).body == #"{"reason":"MissingProviderToken"}"#)
            #expect(client.streamLimits == [1])
            #expect(try await client.post(request(), Self.payload).status == 200)
            try await eventually { client.streamLimits == [1, 1000] }
        }
    }

    @Test("the window of a connection is opened again and again, at once or late")
    func window() async throws {
        let payload = #"{"a":""# + String(repeating: "x", count: 4000) + #""}"#
        try await withClient { simulator, client in
            let requests = (0..<50).map { _ in (request(), payload) }
            for answer in try await client.send(requests) { #expect(try await answer.get().status == 200) }
            // 200,000 bytes do not fit into the 65,535 with which a connection starts.
            #expect(client.windowUpdates.reduce(0, +) >= 50 * 4000 - 65_535)
            await simulator.change { $0.windowUpdateDelay = .milliseconds(5) }
            for answer in try await client.send(requests) { #expect(try await answer.get().status == 200) }
            await simulator.change { $0.connectionWindow = 1_000_000 }
            #expect(try await client.post(request(), payload).status == 200)
            try await eventually { client.windowUpdates.contains { $0 > 900_000 } }
        }
    }

    @Test("a stream's window may be smaller than a payload")
    func smallStreamWindow() async throws {
        let payload = #"{"a":""# + String(repeating: "x", count: 4000) + #""}"#
        try await withClient({ $0.streamWindow = 100 }) { simulator, client in
            let answer = try await client.post(request(), payload)
            #expect(answer.status == 200)
            #expect(simulator.journal.accepted.first?.payload.readableBytes == payload.utf8.count)
        }
    }

    @Test("a client that breaks the rules of HTTP/2 is told off and loses the connection")
    func protocolError() async throws {
        try await withClient { simulator, client in
            // DATA on the connection itself, of no bytes.
            try await client.write([0, 0, 0, 0, 0, 0, 0, 0, 0])
            _ = try await client.goAway.get()
            try await client.closed.get()
            #expect(simulator.journal.counts.protocolErrors == 1)
        }
    }
}
