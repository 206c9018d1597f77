import ApusCore
import NIOCore
import NIOHTTP1
import Testing

@testable import ApusProviders

@Suite("AliyunSMS")
struct AliyunSMSTests {
    static let settings = [
        "accessKeyId": "testId", "signName": "阿里云短信测试", "templateCode": "SMS_1",
    ]

    func credentials(_ more: [String: String] = [:]) throws -> AliyunCredentials {
        try AliyunCredentials(
            .fixture(
                .aliyunSMS, Self.settings.merging(more) { $1 }, secret: ["accessKeySecret": "testSecret"]))
    }

    func fields(of message: SMSMessage, _ credentials: AliyunCredentials) throws -> [String] {
        let now = Timestamp(milliseconds: 1_704_067_200_999)
        return try AliyunPayload(message, credentials, nonce: "n-1", at: now)
            .signed(for: "POST", secret: "testSecret").split(separator: "&").map(String.init)
    }

    @Test("a request is signed as the version 1.0 of RPC signatures wants it")
    func signature() {
        let payload = AliyunPayload(parameters: [
            "AccessKeyId": "testId", "Action": "SendSms", "Format": "JSON", "PhoneNumbers": "13800000000",
            "RegionId": "cn-hangzhou", "SignName": "阿里云短信测试", "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": "n-1", "SignatureVersion": "1.0", "TemplateCode": "SMS_1",
            "TemplateParam": #"{"code":"1234"}"#, "Timestamp": "2024-01-01T00:00:00Z", "Version": "2017-05-25",
        ])
        #expect(payload.signature(for: "GET", secret: "testSecret") == "0WEWnV+9UWiTacLhdSEuCGaLFHM=")
        #expect(
            payload.signed(for: "GET", secret: "testSecret").hasSuffix(
                "&Version=2017-05-25&Signature=0WEWnV%2B9UWiTacLhdSEuCGaLFHM%3D"))
    }

    @Test("a message's parameters go into its template; a text alone goes into the variable that the credential names")
    func parameters() throws {
        let number = try PhoneNumber("+8613800000000")
        let filled = try fields(
            of: SMSMessage(to: number, text: "x", template: "SMS_2", parameters: #"{"code":"1 *~"}"#, id: "order-7"),
            credentials())
        #expect(filled.contains("TemplateCode=SMS_2"))
        #expect(filled.contains("TemplateParam=%7B%22code%22%3A%221%20%2A~%22%7D"))
        #expect(filled.contains("OutId=order-7"))
        #expect(filled.contains("Timestamp=2024-01-01T00%3A00%3A00Z"))
        let plain = try fields(
            of: SMSMessage(to: number, text: "Hi", id: "1"), credentials(["templateParameter": "body"]))
        #expect(plain.contains("TemplateCode=SMS_1"))
        #expect(plain.contains("TemplateParam=%7B%22body%22%3A%22Hi%22%7D"))
    }

    @Test(
        "mainland numbers are bare, others begin with their country code",
        arguments: [
            ("+8613800000000", "13800000000"), ("13800000000", "13800000000"), ("+85251234567", "85251234567"),
        ])
    func numbers(text: String, expected: String) throws {
        let message = try SMSMessage(to: PhoneNumber(text), text: "x", id: "1")
        #expect(try fields(of: message, credentials()).contains("PhoneNumbers=\(expected)"))
    }

    @Test("without a template nothing is sent")
    func noTemplate() throws {
        let credentials = try credentials(["templateCode": ""])
        let message = try SMSMessage(to: PhoneNumber("13800000000"), text: "x", id: "1")
        #expect(throws: ApusError.self) { try fields(of: message, credentials) }
    }

    @Test(
        "an answer's code says what became of it",
        arguments: [
            (200, #"{"Code":"OK","BizId":"9006","Message":"OK"}"#, SendOutcome.Result.accepted(reference: "9006")),
            (200, #"{"Code":"isv.MOBILE_NUMBER_ILLEGAL","Message":"x"}"#, .refused),
            (200, #"{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"x"}"#, .later(after: nil)),
            (400, #"{"Code":"Throttling.User","Message":"x"}"#, .later(after: nil)),
            (503, #"{"Code":"Whatever"}"#, .later(after: nil)),
            (200, #"{"Code":"isv.AMOUNT_NOT_ENOUGH","Message":"x"}"#, .later(after: 600)),
            (400, #"{"Code":"SignatureDoesNotMatch","Message":"x"}"#, .later(after: 600)),
            (404, #"{"Code":"InvalidAccessKeyId.NotFound","Message":"x"}"#, .later(after: 600)),
            (502, "<html>", .later(after: nil)), (200, "<html>", .unknown),
        ])
    func outcome(status: Int, body: String, expected: SendOutcome.Result) {
        let response = OutgoingResponse(status: status, headers: [:], body: ByteBuffer(string: body))
        #expect(AliyunResponse(response).outcome.result == expected)
    }

    @Test("the code and the words of an answer are made fit to be shown")
    func foreignText() {
        let body = ByteBuffer(string: #"{"Code":"isv.X\n Y","Message":"a\nb"}"#)
        let outcome = AliyunResponse(OutgoingResponse(status: 200, headers: [:], body: body)).outcome
        #expect(outcome.code == "aliyun.isv.XY")
        #expect(outcome.detail == "Aliyun answered isv.X Y: ab")
    }

    @Test("a credential that lacks something, or has something else, is refused by name")
    func credentialErrors() {
        for missing in ["accessKeyId", "signName"] {
            let error = #expect(throws: ApusError.self) { try credentials([missing: ""]) }
            #expect(error?.fields.first?.name == missing)
        }
        let error = #expect(throws: ApusError.self) { try credentials(["regoin": "x"]) }
        #expect(error?.fields.first?.name == "regoin")
    }
}
