import ApusCore
import NIOCore
import NIOHTTP1
import Testing

@testable import ApusProviders

@Suite("WebhookSMS")
struct WebhookSMSTests {
    static let now = Timestamp(milliseconds: 1_800_000_000_000)

    func vendor(body: String? = nil, key: String = "0123456789abcdef") throws -> WebhookSMS {
        var settings = ["url": "https://sms.example.org/send"]
        settings["body"] = body
        return try WebhookSMS(.fixture(.webhookSMS, settings, secret: ["key": key]))
    }

    @Test("a request is signed over its time and its body, and has the message's id as its idempotency key")
    func request() throws {
        let message = try SMSMessage(to: PhoneNumber("+491711234567"), text: "hi", id: "order-7")
        let request = try vendor(body: #"{"text":"{{text}}"}"#).request(for: message, at: Self.now)
        #expect(String(buffer: request.body) == #"{"text":"hi"}"#)
        #expect(request.headers["x-timestamp"] == ["1800000000"])
        #expect(request.headers["idempotency-key"] == ["order-7"])
        #expect(
            request.headers["x-signature"] == [
                "sha256=e3bc9afecbc0e2c4d61b309f48333b95705e6445eb6ea1a310237eb50425606e"
            ])
    }

    @Test("the usual body has everything there is, and stays JSON whatever the text is")
    func usualBody() throws {
        let message = try SMSMessage(
            to: PhoneNumber("13800000000"), text: "\"<你好>\"\n{{id}}", template: "T", parameters: #"{"a":[1]}"#, id: "7")
        let request = try vendor().request(for: message, at: Self.now)
        #expect(
            String(buffer: request.body)
                == #"{"id":"7","to":"13800000000","text":"\"<你好>\"\n{{id}}","template":"T","parameters":{"a":[1]}}"#)
    }

    @Test(
        "a body that would not be JSON is refused when it is set",
        arguments: [#"{"text":{{text}}}"#, "{{text}}", #"{"text":"{{{text}}}"}"#, #"{"to":"{{phone}}"}"#, "{{#x}}"])
    func badBody(body: String) {
        let error = #expect(throws: ApusError.self) { try vendor(body: body) }
        #expect(error?.fields.first?.name == "body")
    }

    @Test("a short key is refused")
    func shortKey() {
        #expect(throws: ApusError.self) { try vendor(key: "secret") }
    }

    @Test(
        "an answer's status says what became of it",
        arguments: [
            (200, SendOutcome.Result.accepted(reference: "id-1")), (202, .accepted(reference: "id-1")),
            (408, .later(after: 30)), (429, .later(after: 30)), (503, .later(after: 30)), (400, .refused),
            (404, .refused), (302, .refused),
        ])
    func outcome(status: Int, expected: SendOutcome.Result) {
        let response = OutgoingResponse(
            status: status, headers: ["retry-after": "30"], body: ByteBuffer(string: "id-1"))
        #expect(WebhookResponse(response, at: Self.now).outcome.result == expected)
    }
}
