import ApusCore
import Testing

@testable import ApusSimulators

@Suite("Civil time")
struct CivilTimeTests {
    @Test(
        "dates are read as they are written",
        arguments: [
            "1970-01-01T00:00:00.000Z", "2024-02-29T23:59:59.000Z", "2026-11-21T08:00:00.000Z",
            "2000-03-01T00:00:00.000Z",
        ])
    func reading(_ text: String) {
        #expect(Timestamp(civilTime: text.dropLast(5), separator: "T")?.rfc3339 == text)
    }

    @Test("Beijing is eight hours ahead")
    func beijing() {
        let time = Timestamp(civilTime: "2026-11-21 07:00:00", separator: " ", hoursEast: 8)
        #expect(time?.rfc3339 == "2026-11-20T23:00:00.000Z")
    }

    @Test(
        "other texts are not",
        arguments: ["", "2026-11-21", "2026-13-01 00:00:00", "26-1-1 0:0:0", "2026-11-21 24:00:00"])
    func wrong(_ text: String) {
        #expect(Timestamp(civilTime: text, separator: " ") == nil)
    }
}
