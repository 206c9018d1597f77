import ApusAPNs
import ApusCore
import CoreMetrics
import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// What a notification costs the APNs client, against a server that answers everything with 200.
///
/// usage: ApusBenchmarks apns DIRECTORY [COUNT [STREAMS]]
///
/// `DIRECTORY` holds `server.crt`, which the server on https://localhost:8443 shows, `apns_key.p8`, any key, and
/// `body.json`, the payload: what the load generator's `apns.sh serve` makes.
enum APNsBenchmark {
    static func run(_ arguments: ArraySlice<String>) async throws {
        guard let directory = arguments.first else {
            print("usage: ApusBenchmarks apns DIRECTORY [COUNT [STREAMS]]")
            return
        }
        let numbers = arguments.dropFirst().compactMap { Int($0) }
        let (count, streams) = (numbers.first ?? 200_000, numbers.dropFirst().first ?? 1000)
        let file = { (name: String) in try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)")) }
        var lane = APNsLane(
            name: "bench", environment: .sandbox,
            credentials: try .token(
                p8: String(decoding: try file("apns_key.p8"), as: UTF8.self), keyID: "ABCDE12345",
                teamID: "TEAM123456"),
            endpoint: APNsEndpoint(
                host: "127.0.0.1", port: 8443, serverName: "localhost",
                trustRoots: .file("\(directory)/server.crt")))
        lane.limits.connections = 1
        lane.limits.streamsPerConnection = streams
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let client = APNsClient(
            group: group, logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() },
            metrics: NOOPMetricsHandler.instance)
        try client.put(lane)
        let load = Load(client, payload: ByteBuffer(bytes: try file("body.json")), count: count)
        let (cpu, began) = (cpuSeconds, ContinuousClock.now)
        await load.run(streams)
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let each = (cpuSeconds - cpu) * 1e6 / Double(count)
        print(
            "\(Int(Double(count) / seconds)) notifications/s, \((each * 10).rounded() / 10) µs of CPU each, \(load.failures) failed"
        )
        await client.shutdown()
        try await group.shutdownGracefully()
    }
}

/// Keeps so many notifications under way until all are answered.
private final class Load: Sendable {
    private let client: APNsClient
    private let payload: ByteBuffer
    private let count: Int
    private let started = Atomic<Int>(0)
    private let answered = Atomic<Int>(0)
    private let failed = Atomic<Int>(0)
    private let finished = Mutex<CheckedContinuation<Void, Never>?>(nil)

    init(_ client: APNsClient, payload: ByteBuffer, count: Int) {
        self.client = client
        self.payload = payload
        self.count = count
    }

    var failures: Int { failed.load(ordering: .relaxed) }

    func run(_ streams: Int) async {
        await withCheckedContinuation { continuation in
            finished.withLock { $0 = continuation }
            for _ in 0..<streams { next() }
        }
    }

    private func next() {
        let number = started.add(1, ordering: .relaxed).newValue
        guard number <= count else { return }
        let token = String(number, radix: 16)
        let notification = try? APNsNotification(
            deviceToken: String(repeating: "0", count: 64 - token.count) + token, bundleID: "com.example.app",
            payload: payload, pushType: .alert, expiration: .at(Timestamp(milliseconds: 1_800_000_000_000)))
        guard let notification, client.submit(notification, to: "bench", completion: { self.ended($0.outcome) }) else {
            return ended(.notSent)
        }
    }

    private func ended(_ outcome: APNsOutcome) {
        if outcome != .delivered { failed.add(1, ordering: .relaxed) }
        if answered.add(1, ordering: .relaxed).newValue == count {
            finished.withLock { $0 }?.resume()
        } else {
            next()
        }
    }
}
