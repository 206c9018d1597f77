import ApusCore
import Testing

@testable import ApusProviders

@Suite("RetryDelay")
struct RetryDelayTests {
    @Test(
        "it doubles with each attempt, up to an hour",
        arguments: [(0, 5), (1, 10), (2, 20), (9, 2560), (10, 3600), (1000, 3600), (-1, 5)] as [(Int, Int64)])
    func doubles(_ attempts: Int, _ seconds: Int64) {
        #expect(RetryDelay(attempts: attempts, jitter: 0).seconds == seconds)
        #expect(RetryDelay(attempts: attempts, jitter: 1).seconds == seconds + seconds / 4)
    }

    @Test("the service's wish counts, within bounds")
    func asked() {
        let delay = RetryDelay(attempts: 2, jitter: 0)
        let now = Timestamp(milliseconds: 0)
        #expect(delay.seconds(retryAfter: "7", at: now) == 7)
        #expect(delay.seconds(retryAfter: "0", at: now) == 1)
        #expect(delay.seconds(retryAfter: "99999999", at: now) == 86_400)
        #expect(delay.seconds(retryAfter: "soon", at: now) == 20)
        #expect(delay.seconds(retryAfter: nil, at: now) == 20)
    }
}
