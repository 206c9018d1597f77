import ApusClient
import Foundation
import Testing

@Suite("A sender", .timeLimit(.minutes(1)))
struct SenderTests {
    private struct Line: Decodable {
        let alert: String
        let requestId: String
    }

    private static func decode(_ line: String) -> Line? {
        try? JSONDecoder().decode(Line.self, from: Data(line.utf8))
    }

    /// Accepts every message, with an id made of its text.
    @Sendable private static func accept(_ lines: [String]) -> HTTPTestServer.Answer {
        .init(body: lines.map { "{\"requestId\":\"id of \(decode($0)?.alert ?? "")\"}\n" }.joined())
    }

    /// Hands a sender to `body` whose server answers as `answer` says.
    private func withSender(
        _ change: (inout Sender.Settings) -> Void = { _ in },
        answer: @escaping @Sendable (Int, [String]) -> HTTPTestServer.Answer?,
        _ body: (Sender, HTTPTestServer) async throws -> Void
    ) async throws {
        let server = try await HTTPTestServer.start(answer)
        var settings = Sender.Settings()
        settings.retryDelay = .milliseconds(1) ... .milliseconds(2)
        change(&settings)
        let address = try ServerAddress("http://127.0.0.1:\(server.port)")
        try await body(Sender(server: address, appID: "a", appKey: "k", settings: settings), server)
        try await server.stop()
    }

    private func send(_ alert: String, _ sender: Sender, key: String? = nil) async throws -> String {
        var message = OutgoingMessage(alert: alert)
        message.idempotencyKey = key
        return try await sender.send(message, to: .everyone)
    }

    @Test("messages that are sent at one time share requests, and each gets its own answer")
    func batches() async throws {
        try await withSender({ $0.batchSize = 100 }, answer: { Self.accept($1) }) { sender, server in
            try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for number in 0..<300 {
                    group.addTask { (number, try await send("\(number)", sender)) }
                }
                for try await (number, id) in group { #expect(id == "id of \(number)") }
            }
            #expect(server.requests.count <= 10)
            #expect(server.requests.allSatisfy { $0.count <= 100 })
            #expect(Set(server.requests.joined().compactMap { Self.decode($0)?.requestId }).count == 300)
        }
    }

    @Test("the server gets what the message says, and nothing that it does not")
    func members() async throws {
        try await withSender(answer: { Self.accept($1) }) { sender, server in
            var message = OutgoingMessage(alert: "A")
            message.title = "T"
            message.uri = "app:7"
            message.idempotencyKey = "k"
            _ = try await sender.send(message, to: .tags(["red"]))
            let line = try JSONValue(json: server.requests[0][0])
            #expect(
                line == [
                    "appId": "a", "appKey": "k", "audienceType": "TAG", "audiences": ["red"], "platform": "ALL",
                    "alert": "A", "title": "T", "uri": "app:7", "pushMsgType": "MSG", "needConfirm": false,
                    "requestId": "k",
                ])
        }
    }

    @Test(
        "what may not have been heard, or cannot be taken now, is sent again with the same key",
        arguments: [nil, HTTPTestServer.Answer(status: 503, body: "{}"), .init(status: 429, retryAfter: "0")])
    func retries(failure: HTTPTestServer.Answer?) async throws {
        try await withSender(answer: { $0 < 2 ? failure : Self.accept($1) }) { sender, server in
            let id = try await send("x", sender)
            #expect(id == "id of x")
            #expect(server.requests.count == 3)
            #expect(Set(server.requests.joined()).count == 1)
            _ = try await send("x", sender, key: "mine")
            #expect(Self.decode(server.requests[3][0])?.requestId == "mine")
        }
    }

    @Test("it waits as long as the server says, also of one message of many")
    func retryAfter() async throws {
        let busy = #"{"code":429,"error":"throttled","message":"Too many.","retryAfter":1}"#
        try await withSender(answer: { $0 == 0 ? .init(body: busy) : Self.accept($1) }) { sender, server in
            let start = ContinuousClock.now
            let id = try await send("x", sender)
            #expect(id == "id of x")
            #expect(start.duration(to: .now) >= .seconds(1))
        }
    }

    @Test("a message that is refused is not sent again, and harms no other")
    func refusal() async throws {
        let refusal = #"{"code":400,"error":"invalid_request","message":"No."}"#
        let answer = { @Sendable (_: Int, lines: [String]) -> HTTPTestServer.Answer? in
            let answers = lines.map { line in
                Self.decode(line)?.alert == "bad" ? refusal + "\n" : Self.accept([line]).body
            }
            return .init(body: answers.joined())
        }
        try await withSender(answer: answer) { sender, server in
            async let first = send("first", sender)
            async let good = send("good", sender)
            await #expect {
                try await send("bad", sender)
            } throws: {
                ($0 as? APIError)?.code == "invalid_request"
            }
            let ids = try await [first, good]
            #expect(ids == ["id of first", "id of good"])
            #expect(server.requests.joined().count == 3)
        }
    }

    @Test("a request that is too large for the server is sent in parts")
    func parts() async throws {
        let answer = { @Sendable (_: Int, lines: [String]) -> HTTPTestServer.Answer? in
            lines.count > 3 ? .init(status: 413) : Self.accept(lines)
        }
        try await withSender(answer: answer) { sender, server in
            try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<20 { group.addTask { try await send("\(number)", sender) } }
                let ids = try await group.reduce(into: Set<String>()) { $0.insert($1) }
                #expect(ids.count == 20)
            }
            #expect(server.requests.contains { $0.count > 3 })
        }
        try await withSender(answer: { _, _ in .init(status: 413) }) { sender, server in
            await #expect(throws: APIError.self) { try await send("x", sender) }
            #expect(server.requests.count == 1)
        }
    }

    @Test("a message that is too large is refused alone, and the others go on sharing requests")
    func tooLarge() async throws {
        let refusal = #"{"code":413,"error":"payload_too_large","message":"Too large."}"#
        let answer = { @Sendable (_: Int, lines: [String]) -> HTTPTestServer.Answer? in
            let answers = lines.map { line in
                Self.decode(line)?.alert == "large" ? refusal + "\n" : Self.accept([line]).body
            }
            return .init(body: answers.joined())
        }
        try await withSender(answer: answer) { sender, server in
            let alerts = (0..<100).map(String.init) + ["large"] + (100..<200).map(String.init)
            let refused = await withTaskGroup(of: String?.self) { group in
                for alert in alerts {
                    group.addTask { (try? await send(alert, sender)) == nil ? alert : nil }
                }
                return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
            }
            #expect(refused == ["large"])
            #expect(server.requests.joined().count == alerts.count)
            #expect(server.requests.count < 20)
        }
    }

    @Test("it gives up after the time that is set, with the last error")
    func givesUp() async throws {
        try await withSender({ $0.retryTime = .milliseconds(200) }, answer: { _, _ in nil }) { sender, _ in
            await #expect(throws: UnreachableError.self) { try await send("x", sender) }
        }
        try await withSender({ $0.retryTime = .zero }, answer: { _, _ in nil }) { sender, server in
            await #expect(throws: UnreachableError.self) { try await send("x", sender) }
            #expect(server.requests.count == 1)
        }
        let later = HTTPTestServer.Answer(status: 503, retryAfter: "3600")
        try await withSender(answer: { _, _ in later }) { sender, server in
            await #expect(
                performing: { try await send("x", sender) }, throws: { ($0 as? APIError)?.retryAfter == 3600 })
            #expect(server.requests.count == 1)
        }
    }

    @Test("no more messages wait than are allowed")
    func bounded() async throws {
        try await withSender({ $0.capacity = 2 }, answer: { Self.accept($1) }) { sender, _ in
            let results = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        do {
                            _ = try await send("x", sender)
                            return true
                        } catch {
                            #expect((error as? TooManyWaitingError)?.capacity == 2)
                            return false
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.count { $0 } == 2)
            let id = try await send("later", sender)
            #expect(id == "id of later")
        }
    }

    @Test("whoever is cancelled does not wait, and the others are served")
    func cancellation() async throws {
        try await withSender(answer: { $0 == 0 ? nil : Self.accept($1) }) { sender, _ in
            let cancelled = Task { try await send("x", sender) }
            async let other = send("y", sender)
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            let id = try await other
            #expect(id == "id of y")
        }
    }

    @Test(
        "answers that do not fit the messages are nobody's", arguments: ["", "{}\n{}\n", "<html>", "{\"code\":\"x\"}"])
    func strangeAnswer(body: String) async throws {
        try await withSender(answer: { _, _ in .init(body: body) }) { sender, server in
            await #expect(throws: UnexpectedAnswerError.self) { try await send("x", sender) }
            #expect(server.requests.count == 1)
        }
    }

    @Test("what became of a message is asked for with the app's key")
    func status() async throws {
        let body = """
            {"id":"7","appId":"a","createdAt":"2026-11-21T09:23:55.111Z","expiresAt":"2026-11-24T09:23:55.111Z",
            "counts":{"sent":1},"deliveries":[{"deviceId":"d","state":"sent","sentAt":"2026-11-21T09:23:56.000Z"}]}
            """
        try await withSender(answer: { _, _ in .init(body: body) }) { sender, _ in
            let status = try await sender.status(of: "7")
            #expect(status.counts == ["sent": 1])
            let delivery = try #require(status.deliveries.first)
            #expect(delivery.sentAt?.timeIntervalSince1970 == 1_795_253_036)
            #expect(delivery.readAt == nil)
        }
    }
}
