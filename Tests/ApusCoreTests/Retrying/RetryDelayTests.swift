import ApusCore
import Testing

@Suite("RetryDelay")
struct RetryDelayTests {
    private let delay = RetryDelay(shortest: 5, longest: 3600)

    @Test(
        "it doubles with each failure, up to the longest",
        arguments: [(1, 5), (2, 10), (3, 20), (10, 2560), (11, 3600), (1000, 3600), (0, 5)] as [(Int, Int64)])
    func doubles(_ failures: Int, _ seconds: Int64) {
        #expect(delay.seconds(after: failures) == seconds)
        #expect(delay.seconds(after: failures, jitter: 1) == seconds + seconds / 4)
        #expect((seconds...seconds + seconds / 4).contains(delay.spreadSeconds(after: failures)))
    }
}
