import ApusAPNs
import ApusCore
import CoreMetrics
import Crypto
import Logging
import NIOPosix
import Testing

@Suite("The lanes of an APNs client", .timeLimit(.minutes(1)))
struct APNsLanesTests {
    private func lane(
        _ name: String, port: Int = 1, key: P256.Signing.PrivateKey = LaneFixture.key, keyID: String = "ABCDE12345",
        roots: String? = nil
    ) throws -> APNsLane {
        try APNsLane(
            name: name, environment: .sandbox,
            credentials: .token(p8: key.pemRepresentation, keyID: keyID, teamID: "TEAM123456"),
            endpoint: APNsEndpoint(
                host: "localhost", port: port, trustRoots: .file(roots ?? ServerIdentity.shared.get().file)))
    }

    private func client() -> APNsClient {
        APNsClient(
            group: .singletonMultiThreadedEventLoopGroup,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, metrics: NOOPMetricsHandler.instance)
    }

    private func withServer(_ body: (ScriptedServer, APNsClient) async throws -> Void) async throws {
        let server = try await ScriptedServer.start(ServerIdentity.shared.get())
        let client = client()
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(server, client))
        } catch {
            outcome = .failure(error)
        }
        await client.shutdown()
        await server.stop()
        try outcome.get()
    }

    private func send(to lane: String, _ client: APNsClient) async throws -> APNsOutcome? {
        let (results, continuation) = AsyncStream.makeStream(of: APNsResult.self)
        let isTaken = try client.submit(LaneFixture.notification(), to: lane) { continuation.yield($0) }
        guard isTaken else { return nil }
        for await result in results { return result.outcome }
        return nil
    }

    @Test("with the same key share one token, and each has connections of its own")
    func sharedToken() async throws {
        try await withServer { server, client in
            try client.put(lane("a", port: server.port))
            try client.put(lane("b", port: server.port))
            try client.put(lane("c", port: server.port, keyID: "OTHERKEY00"))
            for name in ["a", "b", "c"] {
                let outcome = try await send(to: name, client)
                #expect(outcome == .delivered)
            }
            let tokens = server.requests.map { $0.header("authorization") }
            #expect(tokens.count == 3)
            #expect(tokens[0] == tokens[1])
            #expect(tokens[0] != tokens[2])
            #expect(server.connections.count == 3)
        }
    }

    @Test("are replaced by their next revision, and stay as they are if it is the same")
    func revisions() async throws {
        try await withServer { server, client in
            try client.put(lane("a", port: server.port), revision: 1)
            #expect(try await send(to: "a", client) == .delivered)
            try client.put(lane("a", port: server.port), revision: 1)
            #expect(try await send(to: "a", client) == .delivered)
            #expect(server.connections.count == 1)

            // The key is another one, although its id is the same.
            try client.put(lane("a", port: server.port, key: P256.Signing.PrivateKey()), revision: 2)
            #expect(try await send(to: "a", client) == .delivered)
            #expect(server.connections.count == 2)
            #expect(server.requests[1].header("authorization") != server.requests[2].header("authorization"))
        }
    }

    @Test("take nothing any more when they are removed")
    func removal() async throws {
        try await withServer { server, client in
            try client.put(lane("a", port: server.port))
            try client.put(lane("b", port: server.port))
            client.removeLanes(but: ["b"])
            let removed = try await send(to: "a", client)
            #expect(removed == nil)
            let kept = try await send(to: "b", client)
            #expect(kept == .delivered)
        }
    }

    @Test("say which file is wrong")
    func roots() throws {
        let lane = try lane("a", roots: "/no/such/file")
        do {
            try client().put(lane)
            Issue.record("a lane without certificates was made")
        } catch {
            #expect(error.code == "apns_lane_invalid")
            #expect(error.message.contains("The lane a cannot be set up: the file /no/such/file holds no certificates"))
        }
    }

    @Test("go to Apple's servers if nothing else is said")
    func endpoints() throws {
        let credentials = try LaneFixture.token()
        let production = APNsLane(name: "p", environment: .production, credentials: credentials)
        #expect(production.endpoint == APNsEndpoint(host: "api.push.apple.com", port: 443))
        let sandbox = APNsLane(name: "s", environment: .sandbox, credentials: credentials)
        #expect(sandbox.endpoint == APNsEndpoint(host: "api.sandbox.push.apple.com", port: 443))
        #expect(APNsEnvironment.production.endpoint(port: 2197).port == 2197)
    }
}
