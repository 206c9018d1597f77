import ApusCore
import Testing

@testable import ApusProviders

@Suite("PhoneNumber")
struct PhoneNumberTests {
    @Test(
        "numbers with and without a country code are read, however they are set",
        arguments: [
            ("+8613800000000", "13800000000", true), ("+86 138-0000-0000", "13800000000", true),
            ("13800000000", "13800000000", false), ("+1 (415) 555.2671", "4155552671", true), ("10086", "10086", false),
        ])
    func valid(text: String, ending: String, isInternational: Bool) throws {
        let number = try PhoneNumber(text)
        #expect(number.digits.hasSuffix(ending))
        #expect(number.isInternational == isInternational)
    }

    @Test(
        "what is no number is refused",
        arguments: [
            "", "+", "abc", "1380000000a", "１３８００００００００", "+1234567890123456", "1234", "013800000000", "+0123456789",
            "138\r\n00000000", "138,139", "13800000000+",
        ])
    func invalid(text: String) {
        #expect(throws: ApusError.self) { try PhoneNumber(text) }
    }

    @Test("a national number has its country's code in front, if that is known")
    func countryCode() throws {
        let number = try PhoneNumber("13800000000")
        #expect(number.e164(countryCode: "86") == "+8613800000000")
        #expect(number.e164(countryCode: nil) == nil)
        #expect(try PhoneNumber("+4930123456").e164(countryCode: "86") == "+4930123456")
    }
}
