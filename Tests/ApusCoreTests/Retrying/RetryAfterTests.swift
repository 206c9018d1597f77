import ApusCore
import Testing

@Suite("RetryAfter")
struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 §5.6.7.
    let date = Timestamp(milliseconds: 784_111_777_000)

    @Test("seconds and dates are read")
    func reads() {
        #expect(RetryAfter.seconds("120", at: date) == 120)
        #expect(RetryAfter.seconds("Sun, 06 Nov 1994 08:49:37 GMT", at: date.adding(seconds: -90)) == 90)
        #expect(RetryAfter.seconds("Sun, 06 Nov 1994 08:49:37 GMT", at: date.adding(milliseconds: -1500)) == 2)
        #expect(RetryAfter.seconds("Thu, 29 Feb 2024 00:00:00 GMT", at: Timestamp(milliseconds: 0)) == 1_709_164_800)
    }

    @Test("what is asked for counts, within bounds")
    func asked() {
        #expect(RetryAfter.seconds("7", at: date, otherwise: 20) == 7)
        #expect(RetryAfter.seconds("0", at: date, otherwise: 20) == 1)
        #expect(RetryAfter.seconds("99999999", at: date, otherwise: 20) == 86_400)
        #expect(RetryAfter.seconds("soon", at: date, otherwise: 20) == 20)
        #expect(RetryAfter.seconds(nil, at: date, otherwise: 20) == 20)
    }

    @Test("a date that has passed is now")
    func past() {
        #expect(RetryAfter.seconds("Sun, 06 Nov 1994 08:49:37 GMT", at: date.adding(seconds: 5)) == 0)
    }

    @Test(
        "anything else is nothing",
        arguments: [
            "", "-1", "soon", "1.5", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Abc 1994 08:49:37 GMT",
            "Sun, 99 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
            "99999999999999999999",
        ])
    func refuses(_ text: String) {
        #expect(RetryAfter.seconds(text, at: date) == nil)
    }
}
