import ApusAPNs
import ApusCore
import ApusTestKit
import Crypto
import Foundation
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOSSL
import Synchronization
import Testing

@Suite("The APNs client", .timeLimit(.minutes(1)))
struct APNsClientTests {
    @Test("sends what APNs wants to know, and reports that it was delivered")
    func delivers() async throws {
        try await LaneFixture.run { lane in
            lane.server.play { request, connection in
                connection.answer(request.stream, headers: ["apns-unique-id": "7d0a"])
            }
            var payload = APNsPayload(alert: "Hello")
            payload.badge = 3
            let notification = try APNsNotification(
                deviceToken: "00FC13ADFF", bundleID: "com.example.app", payload: payload,
                expiration: .at(Timestamp(milliseconds: 1_800_000_000_999)), collapseID: "news",
                id: "123E4567-e89b-12d3-a456-426614174000")
            let result = try await lane.send(notification)
            #expect(result.outcome == .delivered)
            #expect(result.id == "123e4567-e89b-12d3-a456-426614174000")
            #expect(result.attempts == 1)
            #expect(result.response?.uniqueID == "7d0a")

            let request = try #require(lane.server.requests.first)
            #expect(request.header(":method") == "POST")
            #expect(request.header(":path") == "/3/device/00fc13adff")
            #expect(request.header(":authority") == "localhost:\(lane.server.port)")
            #expect(request.header("apns-id") == result.id)
            #expect(request.header("apns-topic") == "com.example.app")
            #expect(request.header("apns-push-type") == "alert")
            #expect(request.header("apns-priority") == "10")
            #expect(request.header("apns-expiration") == "1800000000")
            #expect(request.header("apns-collapse-id") == "news")
            #expect(String(buffer: request.body) == #"{"aps":{"alert":"Hello","badge":3}}"#)
            #expect(try Self.claims(request) == #"{"iss":"TEAM123456","iat":1799998200}"#)
        }
    }

    /// The claims of the request's token, whose signature is checked.
    static func claims(_ request: ScriptedServer.Request) throws -> String {
        let header = try #require(request.header("authorization"))
        let parts = header.dropFirst("bearer ".count).split(separator: ".").map(String.init)
        try #require(parts.count == 3)
        let signature = try P256.Signing.ECDSASignature(rawRepresentation: #require(Data(base64URL: parts[2])))
        #expect(LaneFixture.key.publicKey.isValidSignature(signature, for: Data("\(parts[0]).\(parts[1])".utf8)))
        return String(decoding: try #require(Data(base64URL: parts[1])), as: UTF8.self)
    }

    @Test("reports why a notification was not taken", arguments: [1, 3])
    func refusal(pieces: Int) async throws {
        try await LaneFixture.run { lane in
            lane.server.play { request, connection in
                connection.answer(
                    request.stream, status: 410, #"{"reason":"Unregistered","timestamp":1700000000123}"#, pieces: pieces
                )
            }
            let result = try await lane.send(LaneFixture.notification())
            #expect(result.outcome == .tokenDead(since: Timestamp(milliseconds: 1_700_000_000_123)))
            #expect(result.response?.status == 410)
            #expect(result.response?.reason == .unregistered)
        }
    }

    @Test("opens no more streams than the server allows, also when the limit falls to one, and keeps the rest itself")
    func limits() async throws {
        var settings = ScriptedServer.Settings()
        settings.concurrentStreams = 10
        try await LaneFixture.run(settings, configure: { $0.limits.connections = 1 }, script: { _, _ in }) { lane in
            let tasks = try lane.send(30)
            try await eventually("ten requests, and no more") {
                lane.server.requests.count == 10 && lane.client.waiting(in: LaneFixture.lane) == 20
            }
            let connection = lane.server.connections[0]
            connection.allow(streams: 1)
            for request in lane.server.requests { connection.answer(request.stream) }
            for count in 11...30 {
                try await eventually("request \(count), and no more") {
                    lane.server.requests.count == count && lane.client.waiting(in: LaneFixture.lane) == 30 - count
                }
                connection.answer(lane.server.requests[count - 1].stream)
            }
            for task in tasks { #expect(try await task.value.outcome == .delivered) }
        }
    }

    @Test("sends again at once what a GOAWAY says was not processed, and waits for the rest")
    func goAway() async throws {
        try await LaneFixture.run { lane in
            lane.server.play { request, connection in
                guard request.index == 3 else {
                    if request.index > 3 { connection.answer(request.stream) }
                    return
                }
                // Streams 1 and 3 are processed, 5 and 7 are not.
                connection.goAway(last: 3)
            }
            let tasks = try lane.send(4)
            #expect(try await tasks[2].value.attempts == 2)
            #expect(try await tasks[3].value.attempts == 2)
            #expect(lane.server.connections.count == 2)
            lane.server.connections[0].answer(1)
            lane.server.connections[0].answer(3)
            for task in tasks { #expect(try await task.value.outcome == .delivered) }
            #expect(try await tasks[0].value.attempts == 1)
            #expect(lane.server.requests.count == 6)
            try await eventually("the end of the old connection") { lane.server.connections[0].isClosed }
        }
    }

    @Test("says of what is cut off without an answer that nobody knows, and sends it again only if it may")
    func lostConnection() async throws {
        try await LaneFixture.run { lane in
            lane.server.play { request, connection in
                if request.index == 1 { connection.close() }
                if request.index > 1 { connection.answer(request.stream) }
            }
            let once = try #require(lane.submit(LaneFixture.notification()))
            let again = try #require(lane.submit(LaneFixture.notification(repeats: true)))
            let result = try await once.value
            #expect(result.outcome == .unknown)
            #expect(result.attempts == 1)
            #expect(result.response == nil)
            lane.clock.advance(by: .seconds(2))
            #expect(try await again.value.outcome == .delivered)
            #expect(try await again.value.attempts == 2)
            #expect(lane.server.requests.count == 3)
        }
    }

    @Test("sends again what the server refused to process")
    func refusedStream() async throws {
        try await LaneFixture.run { lane in
            lane.server.play { request, connection in
                if request.index < 3 {
                    connection.reset(request.stream, .refusedStream)
                } else {
                    connection.answer(request.stream)
                }
            }
            for task in try lane.send(3) { #expect(try await task.value.outcome == .delivered) }
            #expect(lane.server.requests.count == 6)
        }
    }

    @Test("tries again after a while when APNs is busy, until the time is over")
    func retries() async throws {
        try await LaneFixture.run { lane in
            lane.server.play { request, connection in
                if request.index == 0 {
                    connection.refuse(request.stream, status: 503, "ServiceUnavailable")
                } else {
                    connection.answer(
                        request.stream, status: 503, #"{"reason":"ServiceUnavailable"}"#,
                        headers: ["retry-after": "20"])
                }
            }
            let task = try #require(lane.submit(LaneFixture.notification()))
            for (attempt, pause) in [(1, 1), (2, 20), (3, 20)] {
                try await eventually("attempt \(attempt) and its answer") {
                    lane.server.requests.count == attempt && lane.client.waiting(in: LaneFixture.lane) == 1
                }
                lane.clock.advance(by: .seconds(Int64(pause)))
            }
            let result = try await task.value
            #expect(result.outcome == .retryLater)
            #expect(result.response?.reason == .serviceUnavailable)
            #expect(result.response?.retryAfter == 20)
            #expect(result.attempts == 4)
        }
    }

    @Test("gives a request up that is not answered in time, and with it a connection that answers nothing")
    func deadline() async throws {
        try await LaneFixture.run(configure: { $0.limits.pingBusy = .minutes(1) }, script: { _, _ in }) { lane in
            let task = try #require(lane.submit(LaneFixture.notification()))
            try await eventually("the request") { lane.server.requests.count == 1 }
            lane.clock.advance(by: .seconds(20))
            #expect(try await task.value.outcome == .unknown)
            try await eventually("the reset") { lane.server.connections[0].resetStreams == [1] }
            lane.server.play { $1.answer($0.stream) }
            #expect(try await lane.send(LaneFixture.notification()).outcome == .delivered)
            #expect(lane.server.connections.count == 2)
        }
    }

    @Test("late answers to requests that it gave up do no harm to others")
    func lateAnswers() async throws {
        try await LaneFixture.run(configure: { $0.limits.pingBusy = .minutes(1) }, script: { _, _ in }) { lane in
            let late = try lane.send(60)
            try await eventually("sixty requests") { lane.server.requests.count == 60 }
            lane.clock.advance(by: .seconds(10))
            let last = try #require(lane.submit(LaneFixture.notification()))
            try await eventually("one more") { lane.server.requests.count == 61 }
            let connection = lane.server.connections[0]
            try await connection.fallSilent()
            lane.clock.advance(by: .seconds(10))
            for task in late { #expect(try await task.value.outcome == .unknown) }
            for request in lane.server.requests { connection.answer(request.stream) }
            #expect(try await last.value.outcome == .delivered)
        }
    }

    @Test("pings a connection that is silent, and gives it up if there is no answer")
    func silence() async throws {
        try await LaneFixture.run(
            configure: { ($0.limits.answerTime, $0.limits.stay) = (.hours(10), .hours(10)) }, script: { _, _ in }
        ) { lane in
            _ = try #require(lane.submit(LaneFixture.notification()))
            try await eventually("the request") { lane.server.requests.count == 1 }
            try await eventually("a ping") {
                lane.clock.advance(by: .seconds(1))
                return lane.server.connections[0].pings > 0
            }
            // It may have been given up by now, as the clock is fast.
            try? await lane.server.connections[0].fallSilent()
            lane.server.play { $1.answer($0.stream) }
            try await eventually("the end of the silence") {
                lane.clock.advance(by: .seconds(1))
                return !lane.results.isEmpty
            }
            #expect(lane.results[0].outcome == .unknown)
            #expect(try await lane.send(LaneFixture.notification()).outcome == .delivered)
            #expect(lane.server.connections.count == 2)
        }
    }

    @Test("opens further connections when flow control holds bytes back, and none before")
    func growth() async throws {
        var settings = ScriptedServer.Settings()
        settings.opensWindow = false
        try await LaneFixture.run(settings) { lane in
            // 65,535 bytes fit into the window of a connection: 16 bodies but for one byte.
            let big = try LaneFixture.notification(payloadBytes: 4096)
            let tasks = try (0..<30).map { _ in try #require(lane.submit(big)) }
            try await eventually("fifteen answers") { lane.results.count == 15 }
            #expect(lane.client.waiting(in: LaneFixture.lane) == 14)
            #expect(lane.server.connections.count == 1)
            lane.clock.advance(by: .seconds(2))
            try await eventually("the answers of a second connection") { lane.results.count == 29 }
            #expect(lane.server.connections.count == 2)
            lane.server.connections[0].openWindow(by: 100_000)
            for task in tasks { #expect(try await task.value.outcome == .delivered) }
        }
    }

    @Test("sends again what did not leave completely before the connection was lost")
    func unsent() async throws {
        var settings = ScriptedServer.Settings()
        settings.opensWindow = false
        try await LaneFixture.run(settings, configure: { $0.limits.connections = 1 }, script: { _, _ in }) { lane in
            let big = try LaneFixture.notification(payloadBytes: 4096)
            for _ in 0..<16 { _ = try #require(lane.submit(big)) }
            try await eventually("fifteen requests") { lane.server.requests.count == 15 }
            lane.server.play { $1.answer($0.stream) }
            lane.server.connections[0].close()
            try await eventually("all results") { lane.results.count == 16 }
            #expect(lane.results.filter { $0.outcome == .unknown && $0.attempts == 1 }.count == 15)
            #expect(lane.results.filter { $0.outcome == .delivered && $0.attempts == 2 }.count == 1)
        }
    }

    @Test("takes an answer that comes before the body has left, and does not send the rest")
    func earlyAnswer() async throws {
        var settings = ScriptedServer.Settings()
        settings.opensWindow = false
        settings.answersEarly = true
        try await LaneFixture.run(settings, configure: { $0.limits.connections = 1 }) { lane in
            lane.server.play { $1.refuse($0.stream, status: 413, "PayloadTooLarge") }
            let big = try LaneFixture.notification(payloadBytes: 4096)
            let tasks = try (0..<16).map { _ in try #require(lane.submit(big)) }
            for task in tasks { #expect(try await task.value.outcome == .failed) }
            try await eventually("the reset") { lane.server.connections[0].resetStreams.count == 1 }
        }
    }

    @Test("opens its own window again, however many answers with a body come")
    func ownWindow() async throws {
        try await LaneFixture.run(configure: { $0.limits.connections = 1 }) { lane in
            let body = #"{"reason":"BadTopic","more":"\#(String(repeating: "x", count: 1000))"}"#
            lane.server.play { $1.answer($0.stream, status: 400, body) }
            for task in try lane.send(80) { #expect(try await task.value.outcome == .failed) }
            #expect(lane.server.connections.count == 1)
        }
    }

    @Test("hundreds of streams that are refused at once do not end the connection")
    func manyResets() async throws {
        let held = Mutex<[HTTP2StreamID]>([])
        try await LaneFixture.run(configure: { $0.limits.connections = 1 }) { lane in
            lane.server.play { request, connection in
                guard request.index < 220 else { return connection.answer(request.stream) }
                let all = held.withLock { held in
                    held.append(request.stream)
                    return held.count == 220 ? held : []
                }
                for stream in all { connection.reset(stream, .refusedStream) }
            }
            for task in try lane.send(220) { #expect(try await task.value.outcome == .delivered) }
            #expect(lane.server.connections.count == 1)
        }
    }
}
