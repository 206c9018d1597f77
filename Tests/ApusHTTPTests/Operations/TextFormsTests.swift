import ApusCore
import Testing

@testable import ApusHTTP

@Suite("Forms of text")
struct TextFormsTests {
    @Test(
        "a time is written as RFC 3339 says",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_795_248_000_123, "2026-11-21T08:00:00.123Z"), (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func times(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test(
        "a query's parameter is found and decoded",
        arguments: [
            ("deviceId=abc", "abc"), ("x=1&deviceId=a%2Fb+c", "a/b c"), ("deviceId=", ""), ("deviceId", ""),
            ("deviceid=abc", nil), (nil, nil), ("deviceId=%zz", "%zz"),
        ] as [(String?, String?)])
    func query(_ query: String?, _ value: String?) {
        #expect(QueryString.value("deviceId", in: query) == value)
    }
}
