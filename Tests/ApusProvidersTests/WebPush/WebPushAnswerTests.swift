import ApusCore
import NIOCore
import NIOHTTP1
import Testing

@testable import ApusProviders

@Suite("WebPushAnswer")
struct WebPushAnswerTests {
    let now = Timestamp(milliseconds: 1_800_000_000_000)

    func answer(_ status: Int, _ headers: HTTPHeaders = [:], body: String = "") -> WebPushAnswer {
        answer(.success(OutgoingResponse(status: status, headers: headers, body: ByteBuffer(string: body))))
    }

    func answer(_ result: Result<OutgoingResponse, OutgoingFailure>) -> WebPushAnswer {
        WebPushAnswer(result, from: "https://push", delay: 10, at: now)
    }

    @Test("every 2xx accepts, and the message's address is kept", arguments: [200, 201, 202, 204])
    func accepted(_ status: Int) {
        let answer = answer(status, ["location": "https://push/m/1"])
        #expect(
            answer.outcome
                == VendorOutcome(
                    .accepted, code: "webpush.accepted", detail: "https://push accepted it as https://push/m/1."))
        #expect(answer.trouble == nil)
    }

    @Test("404 and 410 end the subscription", arguments: [404, 410])
    func gone(_ status: Int) {
        #expect(answer(status).outcome.result == .tokenDead(since: nil))
        #expect(answer(status).outcome.code == "webpush.\(status)")
    }

    @Test(
        "what the service cannot take now comes later, when it says so", arguments: [408, 425, 429, 500, 502, 503, 599])
    func later(_ status: Int) {
        let told = answer(status, ["retry-after": "120"])
        #expect(told.outcome.result == .later(at: now.adding(seconds: 120)))
        #expect(told.trouble == .seconds(120))
        #expect(answer(status).outcome.result == .later(at: now.adding(seconds: 10)))
        #expect(told.outcome.detail == "https://push answered \(status). It is tried again in 120 seconds.")
    }

    @Test(
        "what stays wrong is refused, and says why",
        arguments: [
            (302, "a redirect, which is not followed"), (400, "It says: bad  header"), (401, "VAPID key"),
            (403, "VAPID key"), (413, "too large"), (418, "answered 418"),
        ])
    func refused(_ status: Int, _ words: String) {
        let answer = answer(status, body: "bad \r\n header\u{0}")
        #expect(answer.outcome.result == .refused)
        #expect(answer.outcome.code == "webpush.\(status)")
        #expect(answer.outcome.detail.contains(words), "\(answer.outcome.detail)")
        #expect(answer.trouble == nil)
    }

    @Test("without an answer, it depends on whether anything was sent")
    func failures() {
        #expect(answer(.failure(.notSent("x"))).outcome.result == .later(at: now.adding(seconds: 10)))
        #expect(answer(.failure(.notSent("x"))).trouble == .seconds(10))
        #expect(answer(.failure(.unanswered("x"))).outcome.result == .unknown)
        #expect(answer(.failure(.unanswered("x"))).trouble == .seconds(10))
        #expect(answer(.failure(.forbidden("its address is private"))).outcome.result == .refused)
        #expect(answer(.failure(.forbidden("x"))).outcome.code == "webpush.address_refused")
        #expect(answer(.failure(.forbidden("x"))).trouble == nil)
    }
}
