import ApusCore
import NIOCore
import NIOHTTP1
import Testing

@testable import ApusProviders

@Suite("TwilioSMS")
struct TwilioSMSTests {
    static let now = Timestamp(milliseconds: 1_800_000_000_000)

    func vendor(_ settings: [String: String]) throws -> TwilioSMS {
        let all = ["accountSid": "AC1"].merging(settings) { $1 }
        return try TwilioSMS(.fixture(.twilioSMS, all, secret: ["authToken": "token"]))
    }

    func message(to number: String = "+15005550006") throws -> SMSMessage {
        try SMSMessage(to: PhoneNumber(number), text: "Grüße & more", id: "1")
    }

    @Test("a message is a form for the account's Messages resource")
    func request() throws {
        let vendor = try vendor(["from": "+15005550001", "statusCallback": "https://example.org/s?a=1"])
        let request = try vendor.request(for: message(), at: Self.now)
        #expect(request.address.text == "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json")
        #expect(request.headers["authorization"] == ["Basic QUMxOnRva2Vu"])
        #expect(
            String(buffer: request.body) == "To=%2B15005550006&Body=Gr%C3%BC%C3%9Fe%20%26%20more&From=%2B15005550001"
                + "&StatusCallback=https%3A%2F%2Fexample.org%2Fs%3Fa%3D1")
    }

    @Test("a national number needs the credential's country code")
    func countryCode() throws {
        let national = try message(to: "13800000000")
        let known = try vendor(["messagingServiceSid": "MG1", "countryCode": "+86"]).request(
            for: national, at: Self.now)
        #expect(String(buffer: known.body).hasPrefix("To=%2B8613800000000&"))
        #expect(String(buffer: known.body).hasSuffix("&MessagingServiceSid=MG1"))
        let unknown = try vendor(["from": "x"])
        #expect(throws: ApusError.self) { try unknown.request(for: national, at: Self.now) }
    }

    @Test(
        "an answer's status and code say what became of it",
        arguments: [
            (
                201, #"{"sid":"SM1","status":"queued"}"#, SendOutcome.Result.accepted(reference: "SM1"),
                "twilio.accepted"
            ),
            (400, #"{"code":21211,"message":"x","status":400}"#, .refused, "twilio.21211"),
            (400, #"{"code":21610,"message":"x"}"#, .refused, "twilio.21610"),
            (429, #"{"code":20429,"message":"x"}"#, .later(after: 7), "twilio.20429"),
            (400, #"{"code":30001,"message":"x"}"#, .later(after: 7), "twilio.30001"),
            (401, #"{"code":20003,"message":"x"}"#, .later(after: 600), "twilio.20003"),
            (503, "oops", .later(after: 7), "twilio.503"),
        ])
    func outcome(status: Int, body: String, expected: SendOutcome.Result, code: String) {
        let response = OutgoingResponse(
            status: status, headers: ["retry-after": "7"], body: ByteBuffer(string: body))
        let outcome = TwilioResponse(response, at: Self.now).outcome
        #expect(outcome.result == expected)
        #expect(outcome.code == code)
    }

    @Test(
        "a credential that cannot be used is refused by name",
        arguments: [
            (["from": "+1", "messagingServiceSid": "MG"], "from"), ([:], "from"),
            (["from": "+1", "countryCode": "x1"], "countryCode"),
            (["from": "+1", "accountSid": "A/B"], "accountSid"), (["from": "+1", "accountSid": ".."], "accountSid"),
            (["from": "+1", "endpoint": "ftp://x"], "endpoint"),
        ])
    func credentialErrors(settings: [String: String], field: String) {
        let error = #expect(throws: ApusError.self) { try vendor(settings) }
        #expect(error?.fields.first?.name == field)
    }
}
