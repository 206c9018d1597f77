import ApusCore
import Testing

@Suite("ChosenTime")
struct ChosenTimeTests {
    @Test(
        "reads a time with its offset, or on the clocks of a zone",
        arguments: [
            ("2026-12-01T08:00:00Z", "UTC", "2026-12-01T08:00:00.000Z"),
            ("2026-12-01T08:00:00+01:00", "UTC", "2026-12-01T07:00:00.000Z"),
            ("2026-12-01T08:00:00-0530", "UTC", "2026-12-01T13:30:00.000Z"),
            ("2026-12-01T08:00:00.250Z", "UTC", "2026-12-01T08:00:00.000Z"),
            ("2026-12-01 08:00", "Asia/Shanghai", "2026-12-01T00:00:00.000Z"),
            ("2026-07-01 08:00:30", "Europe/Berlin", "2026-07-01T06:00:30.000Z"),
            ("2028-02-29 00:00", "UTC", "2028-02-29T00:00:00.000Z"),
            ("2026-03-29 02:30", "Europe/Berlin", "2026-03-29T01:30:00.000Z"),
            ("2026-10-25 02:30", "Europe/Berlin", "2026-10-25T00:30:00.000Z"),
        ])
    func reads(_ text: String, _ zone: String, _ time: String) throws {
        #expect(try ChosenTime.parse(text, zone: zone).rfc3339 == time)
    }

    @Test(
        "refuses what is no time",
        arguments: [
            "", "tomorrow", "2026-12-01", "2026-13-01 00:00", "2026-02-29 00:00", "2026-04-31 00:00",
            "2026-12-01T24:00:00Z", "2026-12-01T08:60:00Z", "2026-12-01T08:00:00+", "2026-12-01T08:00:00+25:00",
            "2026-12-01T08:00:00Zx", "26-12-01 08:00", "2026-12-01T08", "1969-12-31 00:00", "2026-12-01 08:00:",
        ])
    func refuses(_ text: String) {
        #expect(throws: ApusError.self) { try ChosenTime.parse(text, zone: "UTC") }
    }

    @Test("names a time zone that there is not")
    func zone() {
        #expect(throws: ApusError.self) { try ChosenTime.parse("2026-12-01 08:00", zone: "Mars/Olympus") }
    }
}
