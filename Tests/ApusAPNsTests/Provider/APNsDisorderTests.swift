import ApusAPNs
import ApusTestKit
import NIOCore
import NIOHTTP2
import Synchronization
import Testing

@Suite("The APNs client and a server in disorder", .timeLimit(.minutes(1)))
struct APNsDisorderTests {
    /// A server that processes requests or does not, and keeps count.
    private final class Disorder: Sendable {
        private struct State {
            var random: SeededGenerator
            var processed: [String: Int] = [:]
            /// The last stream that a connection processes.
            var last: [ObjectIdentifier: HTTP2StreamID] = [:]
        }

        private let state: Mutex<State>

        init(seed: UInt64) {
            state = Mutex(State(random: SeededGenerator(seed: seed)))
        }

        func processed(_ id: String) -> Int { state.withLock { $0.processed[id] ?? 0 } }

        func take(_ request: ScriptedServer.Request, _ connection: ScriptedConnection) {
            let stream = request.stream
            let id = request.header("apns-id") ?? ""
            let (choice, limit) = state.withLock { state in
                if let last = state.last[ObjectIdentifier(connection)], stream > last { return (-1, 0) }
                let choice = Int.random(in: 0..<100, using: &state.random)
                if choice < 84 { state.processed[id, default: 0] += 1 }
                if (70..<78).contains(choice) { state.last[ObjectIdentifier(connection)] = stream }
                return (choice, Int.random(in: 1...30, using: &state.random))
            }
            switch choice {
            case 0..<70: connection.answer(stream)
            case 70..<78:
                connection.answer(stream)
                connection.goAway(last: stream)
            case 78..<80: connection.close()
            case 80..<84:
                connection.allow(streams: limit)
                connection.answer(stream)
            case 84..<90: connection.reset(stream, .refusedStream)
            case 90..<96: connection.refuse(stream, status: 503, "ServiceUnavailable")
            case 96..<98: connection.reset(stream, .internalError)
            case 98..<100: connection.close()
            default: break
            }
        }
    }

    @Test("no notification is lost or processed twice, and what is reported is true", arguments: [1, 2, 3] as [UInt64])
    func disorder(seed: UInt64) async throws {
        let disorder = Disorder(seed: seed)
        var settings = ScriptedServer.Settings()
        settings.concurrentStreams = 20
        try await LaneFixture.run(
            settings,
            configure: { lane in
                (lane.limits.stay, lane.limits.answerTime) = (.hours(100), .hours(10))
                (lane.limits.pingBusy, lane.limits.pingIdle, lane.limits.connectTime) = (
                    .hours(10), .hours(10), .hours(10)
                )
            },
            script: disorder.take
        ) { lane in
            let count = 100
            for number in 0..<count {
                _ = try #require(lane.submit(LaneFixture.notification(payloadBytes: 100 + number * 30)))
            }
            try await eventually("all results") {
                lane.clock.advance(by: .seconds(1))
                return lane.results.count == count
            }
            #expect(Set(lane.results.map(\.id)).count == count)
            for result in lane.results {
                let processed = disorder.processed(result.id)
                switch result.outcome {
                case .delivered: #expect(processed == 1)
                case .unknown: #expect(processed <= 1)
                default: Issue.record("\(result) was processed \(processed) times")
                }
            }
            #expect(lane.results.contains { $0.outcome == .delivered && $0.attempts > 1 })
            #expect(lane.server.connections.count > 1)
        }
    }
}
