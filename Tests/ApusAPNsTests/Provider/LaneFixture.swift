import ApusAPNs
import ApusCore
import ApusTestKit
import CoreMetrics
import Crypto
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A client with one lane to a scripted server, and a clock that the test moves.
struct LaneFixture {
    static let key = P256.Signing.PrivateKey()
    static let lane = "a lane"

    let server: ScriptedServer
    let client: APNsClient
    let clock = ManualClock()
    private let record: Record

    private final class Record: Sendable {
        let events = Mutex<[APNsEvent.Kind]>([])
        let results = Mutex<[APNsResult]>([])
    }

    /// What was told of the lane, oldest first.
    var events: [APNsEvent.Kind] { record.events.withLock { $0 } }
    /// What became of notifications, in the order it was told.
    var results: [APNsResult] { record.results.withLock { $0 } }

    static func run(
        _ settings: ScriptedServer.Settings = .init(), credentials: APNsCredentials? = nil,
        serverName: String = "localhost", configure: (inout APNsLane) -> Void = { _ in },
        script: @escaping ScriptedServer.Script = { $1.answer($0.stream) },
        _ body: (LaneFixture) async throws -> Void
    ) async throws {
        let identity = try ServerIdentity.shared.get()
        let server = try await ScriptedServer.start(identity, settings, script: script)
        var lane = APNsLane(
            name: lane, environment: .sandbox, credentials: try credentials ?? token(),
            endpoint: APNsEndpoint(
                host: "127.0.0.1", port: server.port, serverName: serverName, trustRoots: .file(identity.file)))
        lane.limits.tick = .milliseconds(2)
        configure(&lane)
        let fixture = try LaneFixture(server, lane)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(fixture))
        } catch {
            outcome = .failure(error)
        }
        // The server's end ends what is still under way.
        async let stopped: Void = fixture.client.shutdown()
        await server.stop()
        await stopped
        try outcome.get()
    }

    static func token() throws -> APNsCredentials {
        try .token(p8: key.pemRepresentation, keyID: "ABCDE12345", teamID: "TEAM123456")
    }

    private init(_ server: ScriptedServer, _ lane: APNsLane) throws {
        let record = Record()
        self.server = server
        self.record = record
        client = APNsClient(
            group: .singletonMultiThreadedEventLoopGroup, clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, metrics: NOOPMetricsHandler.instance)
        try client.put(lane) { event in
            record.events.withLock { $0.append(event.kind) }
        }
    }

    static func notification(
        _ alert: String = "hello", payloadBytes: Int? = nil, repeats: Bool = false
    ) throws -> APNsNotification {
        var alert = alert
        if let payloadBytes {
            alert = String(repeating: "x", count: payloadBytes - #"{"aps":{"alert":""}}"#.utf8.count)
        }
        var notification = try APNsNotification(
            deviceToken: "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0",
            bundleID: "com.example.app", payload: APNsPayload(alert: APNsAlert(body: .verbatim(alert))))
        notification.repeatsWhenUnknown = repeats
        return notification
    }

    /// Submits a notification.
    /// - Returns: what became of it, once that is known.
    func submit(_ notification: APNsNotification) -> Task<APNsResult, any Error>? {
        let (results, continuation) = AsyncStream.makeStream(of: APNsResult.self)
        let isTaken = client.submit(notification, to: Self.lane) { [record] result in
            record.results.withLock { $0.append(result) }
            continuation.yield(result)
            continuation.finish()
        }
        guard isTaken else { return nil }
        return Task {
            for await result in results { return result }
            throw CancellationError()
        }
    }

    func send(_ notification: APNsNotification) async throws -> APNsResult {
        try await #require(submit(notification)).value
    }

    func send(_ count: Int) throws -> [Task<APNsResult, any Error>] {
        try (0..<count).map { try #require(submit(Self.notification("\($0)"))) }
    }
}
