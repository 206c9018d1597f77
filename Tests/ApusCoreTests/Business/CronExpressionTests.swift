import ApusCore
import Testing

@Suite("CronExpression")
struct CronExpressionTests {
    /// The next times, in UTC without seconds.
    private func times(_ text: String, after start: String, in zone: String = "UTC", _ count: Int = 3) throws
        -> [String]
    {
        let expression = try CronExpression(text)
        var times: [String] = []
        var time = try ChosenTime.parse(start, zone: "UTC")
        for _ in 0..<count {
            guard let next = expression.next(after: time, in: zone) else { break }
            times.append(String(next.rfc3339.prefix(16)))
            time = next
        }
        return times
    }

    @Test("finds the next times of each kind of field")
    func fields() throws {
        #expect(
            try times("*/20 * * * *", after: "2026-03-01T10:05:00Z") == [
                "2026-03-01T10:20", "2026-03-01T10:40", "2026-03-01T11:00",
            ])
        #expect(
            try times("30 8-9 * * *", after: "2026-03-01T08:30:00Z") == [
                "2026-03-01T09:30", "2026-03-02T08:30", "2026-03-02T09:30",
            ])
        #expect(
            try times("0 0 1,15 * *", after: "2026-12-20T00:00:00Z") == [
                "2027-01-01T00:00", "2027-01-15T00:00", "2027-02-01T00:00",
            ])
        #expect(
            try times("0 12 * jan-mar/2 Mon", after: "2026-01-20T00:00:00Z") == [
                "2026-01-26T12:00", "2026-03-02T12:00", "2026-03-09T12:00",
            ])
        #expect(
            try times("5/25 0 * * *", after: "2026-01-01T00:00:00Z") == [
                "2026-01-01T00:05", "2026-01-01T00:30", "2026-01-01T00:55",
            ])
    }

    @Test("takes 0 and 7 for Sunday")
    func sunday() throws {
        for text in ["0 0 * * 0", "0 0 * * 7", "0 0 * * sun", "0 0 * * 6-7"] {
            #expect(try times(text, after: "2026-03-01T12:00:00Z", 1).first?.prefix(10) != nil)
        }
        #expect(try times("0 0 * * 7", after: "2026-03-02T00:00:00Z", 1) == ["2026-03-08T00:00"])
        #expect(try times("0 0 * * 0", after: "2026-03-02T00:00:00Z", 1) == ["2026-03-08T00:00"])
    }

    @Test("takes either day if both are chosen, and both if one is any")
    func days() throws {
        #expect(
            try times("0 0 13 * fri", after: "2026-03-01T00:00:00Z") == [
                "2026-03-06T00:00", "2026-03-13T00:00", "2026-03-20T00:00",
            ])
        #expect(try times("0 0 */13 * fri", after: "2026-03-01T00:00:00Z", 1) == ["2026-03-27T00:00"])
    }

    @Test("finds leap days, and says when there is no such day")
    func leapDays() throws {
        #expect(
            try times("0 0 29 2 *", after: "2026-03-01T00:00:00Z", 2) == ["2028-02-29T00:00", "2032-02-29T00:00"])
        #expect(try times("0 0 31 2 *", after: "2026-03-01T00:00:00Z") == [])
        #expect(try CronExpression("* * * * *").next(after: Timestamp(milliseconds: 0), in: "Mars/Olympus") == nil)
    }

    @Test("knows the short forms")
    func shortForms() throws {
        #expect(try times("@daily", after: "2026-03-01T10:00:00Z", 1) == ["2026-03-02T00:00"])
        #expect(try times("@Hourly", after: "2026-03-01T10:00:00Z", 1) == ["2026-03-01T11:00"])
        #expect(try times("@yearly", after: "2026-03-01T10:00:00Z", 1) == ["2027-01-01T00:00"])
    }

    @Test("means the clocks of the time zone")
    func zones() throws {
        #expect(
            try times("0 8 * * *", after: "2026-03-01T00:00:00Z", in: "Asia/Shanghai", 2) == [
                "2026-03-02T00:00", "2026-03-03T00:00",
            ])
        // Summer time begins on 29 March in Berlin and ends on 25 October.
        #expect(
            try times("0 8 * * *", after: "2026-03-28T00:00:00Z", in: "Europe/Berlin", 2) == [
                "2026-03-28T07:00", "2026-03-29T06:00",
            ])
    }

    @Test("puts off what falls into the hour that is skipped")
    func springForward() throws {
        #expect(
            try times("30 2 * * *", after: "2026-03-28T12:00:00Z", in: "Europe/Berlin", 2) == [
                "2026-03-29T01:30", "2026-03-30T00:30",
            ])
        #expect(
            try times("30 2 * * *", after: "2026-03-07T12:00:00Z", in: "America/New_York", 2) == [
                "2026-03-08T07:30", "2026-03-09T06:30",
            ])
        // What comes each hour simply goes on.
        #expect(
            try times("30 * * * *", after: "2026-03-29T00:00:00Z", in: "Europe/Berlin", 3) == [
                "2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T02:30",
            ])
    }

    @Test("comes once in the hour that comes twice, unless it comes each hour")
    func fallBack() throws {
        #expect(
            try times("30 2 * * *", after: "2026-10-24T12:00:00Z", in: "Europe/Berlin", 2) == [
                "2026-10-25T00:30", "2026-10-26T01:30",
            ])
        #expect(
            try times("30 * * * *", after: "2026-10-25T00:00:00Z", in: "Europe/Berlin", 3) == [
                "2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30",
            ])
        #expect(
            try times("0,30 1 * * *", after: "2026-11-01T05:10:00Z", in: "America/New_York", 2) == [
                "2026-11-01T05:30", "2026-11-02T06:00",
            ])
    }

    @Test("comes on a day whose midnight is skipped")
    func skippedMidnight() throws {
        // In 2026 Beirut puts its clocks forward at midnight of 29 March.
        #expect(
            try times("0 0 * * *", after: "2026-03-27T23:00:00Z", in: "Asia/Beirut", 2) == [
                "2026-03-28T22:00", "2026-03-29T21:00",
            ])
    }

    @Test(
        "says what is wrong",
        arguments: [
            "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *",
            "* * * * 8", "x * * * *", "-1 * * * *", "5-1 * * * *", "*/0 * * * *", "*/x * * * *", ", * * * *",
            "1,,2 * * * *", "1- * * * *", "* * * feb-jan *", "@never", "+5 * * * *", "* * * * monday",
            "*-5 * * * *", "*-x/2 * * * *",
        ])
    func wrong(_ text: String) {
        #expect(throws: ApusError.self) { try CronExpression(text) }
    }

    @Test("never answers a time that is not later", arguments: ["UTC", "Europe/Berlin", "Australia/Lord_Howe"])
    func grows(_ zone: String) throws {
        let expression = try CronExpression("*/30 * * * *")
        var time = try ChosenTime.parse("2026-03-25T00:00:00Z", zone: "UTC")
        for _ in 0..<1500 {
            let next = try #require(expression.next(after: time, in: zone))
            #expect(next > time && next <= time.adding(seconds: 3600))
            time = next
        }
    }
}
