import ApusTestKit
import NIOCore
import Testing

@testable import ApusAPNs

@Suite("What comes after an attempt")
struct NextStepTests {
    private func step(_ end: AttemptEnd, attempts: Int = 1, repeats: Bool = false) -> NextStep {
        var random = SeededGenerator(seed: 5)
        return NextStep(after: end, attempts: attempts, repeatsWhenUnknown: repeats, using: &random)
    }

    private func answer(_ status: Int, _ reason: String? = nil, retryAfter: Int64? = nil) -> AttemptEnd {
        let body = reason.map { ByteBuffer(string: #"{"reason":"\#($0)"}"#) } ?? ByteBuffer()
        return .answered(APNsResponse(status: status, body: body, retryAfter: retryAfter))
    }

    @Test("final answers end it")
    func final() {
        #expect(step(answer(200)) == .finish(.delivered))
        #expect(step(answer(400, "BadTopic")) == .finish(.failed))
        #expect(step(answer(410, "Unregistered")) == .finish(.tokenDead(since: nil)))
        #expect(step(answer(403, "Forbidden")) == .suspend(.credentials("Forbidden")))
        #expect(step(answer(403)) == .suspend(.credentials("status 403")))
        #expect(step(answer(403, "ExpiredProviderToken")) == .renewToken)
    }

    @Test("a busy server gets time, at least as much as it asks for")
    func busy() {
        guard case .resendAfter(let pause) = step(answer(500)) else { return #expect(Bool(false)) }
        #expect((TimeAmount.milliseconds(500)...TimeAmount.seconds(1)).contains(pause))
        #expect(step(answer(503, "ServiceUnavailable", retryAfter: 30)) == .resendAfter(.seconds(30)))
        #expect(step(answer(503, "ServiceUnavailable", retryAfter: 9_999_999)) == .resendAfter(.hours(1)))
        #expect(step(answer(429, "TooManyRequests", retryAfter: 30)) == .finish(.retryLater))
    }

    @Test("what was certainly not processed is sent again at once, a few times")
    func refused() {
        for end in [AttemptEnd.refused, .unsent, answer(400, "IdleTimeout")] {
            for attempt in 1...3 { #expect(step(end, attempts: attempt) == .resend) }
            guard case .resendAfter = step(end, attempts: 4) else { return #expect(Bool(false)) }
        }
    }

    @Test("what may have been processed is sent again only if that does no harm")
    func unanswered() {
        #expect(step(.unanswered) == .finish(.unknown))
        guard case .resendAfter = step(.unanswered, repeats: true) else { return #expect(Bool(false)) }
    }
}
