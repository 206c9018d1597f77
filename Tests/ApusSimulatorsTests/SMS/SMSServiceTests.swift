import ApusCore
import ApusTestKit
import NIOCore
import NIOHTTP1
import Testing

@testable import ApusSimulators

@Suite("SMSService")
struct SMSServiceTests {
    let desk = VendorDesk(SMSService(SMSAccount()))

    // MARK: Aliyun

    /// The value a client would put into a form.
    static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return "%\(digits.count == 1 ? "0" : "")\(digits)"
        }.joined()
    }

    func aliyun(
        _ changes: [String: String] = [:], method: HTTPMethod = .GET, secret: String = "testSecret"
    ) -> VendorAnswer {
        var values = [
            "AccessKeyId": "testId", "Action": "SendSms", "Format": "JSON", "PhoneNumbers": "13800000000",
            "RegionId": "cn-hangzhou", "SignName": "阿里云短信测试", "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": RandomToken.hex128(), "SignatureVersion": "1.0", "TemplateCode": "SMS_1",
            "TemplateParam": #"{"code":"1234"}"#, "Timestamp": String(desk.clock.now.rfc3339.dropLast(5)) + "Z",
            "Version": "2017-05-25",
        ]
        values.merge(changes) { $1 }
        let fields = values.filter { !$0.value.isEmpty }.map { (name: $0.key, value: $0.value) }
        let signature = AliyunSignature.sign(method: method.rawValue, fields: fields, secret: secret)
        let form = (fields + [("Signature", signature)]).map { "\($0)=\(Self.encoded($1))" }.joined(separator: "&")
        return method == .GET ? desk.send(.GET, "/?\(form)") : desk.send(.POST, "/", form)
    }

    func code(_ answer: VendorAnswer) -> String? { answer.json?["Code"]?.string }

    @Test("Aliyun's signature is over the sorted fields, encoded twice")
    func aliyunSignature() {
        let fields = [
            ("AccessKeyId", "testId"), ("Action", "SendSms"), ("Format", "JSON"), ("PhoneNumbers", "13800000000"),
            ("RegionId", "cn-hangzhou"), ("SignName", "阿里云短信测试"), ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", "n-1"), ("SignatureVersion", "1.0"), ("TemplateCode", "SMS_1"),
            ("TemplateParam", #"{"code":"1234"}"#), ("Timestamp", "2024-01-01T00:00:00Z"), ("Version", "2017-05-25"),
        ].map { (name: $0.0, value: $0.1) }
        #expect(
            AliyunSignature.sign(method: "GET", fields: fields, secret: "testSecret") == "0WEWnV+9UWiTacLhdSEuCGaLFHM=")
    }

    @Test("Aliyun takes a message as a query and as a form", arguments: [HTTPMethod.GET, .POST])
    func aliyunAccepts(_ method: HTTPMethod) {
        let answer = aliyun(["PhoneNumbers": "13800000000,+4915112345678"], method: method)
        #expect(answer.status == 200)
        #expect(code(answer) == "OK")
        #expect(answer.json?["BizId"]?.string == desk.context.journal.accepted.first?.id)
        #expect(desk.context.journal.accepted.map(\.targets) == [["13800000000", "+4915112345678"]])
    }

    static let aliyunRefusals: [(changes: [String: String], status: Int, code: String)] = [
        (["AccessKeyId": "other"], 404, "InvalidAccessKeyId.NotFound"),
        (["SignatureMethod": "MD5"], 400, "IncompleteSignature"),
        (["Timestamp": "2024-01-01T00:00:00Z"], 400, "InvalidTimeStamp.Expired"),
        (["Timestamp": "now"], 400, "InvalidTimeStamp.Expired"),
        (["Action": "SendFax"], 400, "InvalidAction.NotFound"), (["TemplateCode": ""], 400, "MissingParameter"),
        (["SignatureNonce": ""], 400, "MissingParameter"),
        (["PhoneNumbers": "12800000000"], 200, "isv.MOBILE_NUMBER_ILLEGAL"),
        (["PhoneNumbers": "x"], 200, "isv.MOBILE_NUMBER_ILLEGAL"),
        (["TemplateParam": "{"], 200, "isv.INVALID_JSON_PARAM"),
        (
            ["PhoneNumbers": Array(repeating: "13800000000", count: 1001).joined(separator: ",")], 200,
            "isv.MOBILE_COUNT_OVER_LIMIT"
        ),
    ]

    @Test("Aliyun refuses what is wrong", arguments: aliyunRefusals)
    func aliyunRefuses(_ changes: [String: String], _ status: Int, _ expected: String) {
        let answer = aliyun(changes)
        #expect(answer.status == status)
        #expect(code(answer) == expected)
        #expect(desk.context.journal.counts.refused == [expected: 1])
    }

    @Test("Aliyun refuses another secret, and a nonce that was used")
    func aliyunAuthentication() {
        #expect(code(aliyun(secret: "other")) == "SignatureDoesNotMatch")
        #expect(code(aliyun(["SignatureNonce": "n-1"])) == "OK")
        #expect(code(aliyun(["SignatureNonce": "n-1"])) == "SignatureNonceUsed")
    }

    @Test("errors are demanded by number", arguments: ["isv.BUSINESS_LIMIT_CONTROL", "isv.AMOUNT_NOT_ENOUGH"])
    func aliyunDemanded(_ expected: String) {
        desk.setRules([VendorRule(prefix: "139", .code(expected))])
        #expect(code(aliyun(["PhoneNumbers": "13900000000"])) == expected)
        #expect(code(aliyun()) == "OK")
    }

    // MARK: Twilio

    func twilio(_ form: String, token: String = "token") -> VendorAnswer {
        let account = SMSAccount().twilioSID
        return desk.send(
            .POST, "/2010-04-01/Accounts/\(account)/Messages.json", form,
            ["authorization": "Basic \(Base64.encode(Array("\(account):\(token)".utf8)))"])
    }

    @Test("Twilio queues a message")
    func twilioAccepts() {
        let answer = twilio("To=%2B15551234567&From=%2B15550000000&Body=Hello+there")
        #expect(answer.status == 201)
        #expect(answer.json?["status"]?.string == "queued")
        #expect(answer.json?["to"]?.string == "+15551234567")
        #expect(answer.json?["body"]?.string == "Hello there")
        #expect(answer.json?["sid"]?.string == desk.context.journal.accepted.first?.id)
    }

    @Test(
        "Twilio refuses what is wrong, and its magic numbers",
        arguments: [
            ("From=x&Body=x", 21604), ("To=%2B15551234567&Body=x", 21603), ("To=%2B15551234567&From=x", 21602),
            ("To=5551234567&From=x&Body=x", 21211), ("To=%2B15005550001&From=x&Body=x", 21211),
            ("To=%2B15005550004&From=x&Body=x", 21610),
            ("To=%2B15551234567&From=x&Body=\(String(repeating: "x", count: 1601))", 21617),
        ])
    func twilioRefuses(_ form: String, _ code: Int) {
        let answer = twilio(form)
        #expect(answer.status == 400)
        #expect(answer.json?["code"]?.text == "\(code)")
    }

    @Test("Twilio wants its token, and is too busy if it is to be")
    func twilioDemanded() {
        #expect(twilio("", token: "other").status == 401)
        desk.setRules([VendorRule(.code("20429"), retryAfter: 5, times: 1)])
        let busy = twilio("To=%2B15551234567&From=x&Body=x")
        #expect(busy.status == 429)
        #expect(busy.headers.first(name: "retry-after") == "5")
        #expect(twilio("To=%2B15551234567&From=x&Body=x").status == 201)
    }

    // MARK: Webhook

    func webhook(_ body: String, secret: String = "secret", late: Int64 = 0, key: String? = nil) -> VendorAnswer {
        let timestamp = "\(desk.clock.now.milliseconds / 1000 - late)"
        let code = WebhookGateway.sign(timestamp: timestamp, body: body.utf8, secret: secret)
        var headers: HTTPHeaders = ["x-signature": code, "x-timestamp": timestamp]
        if let key { headers.add(name: "idempotency-key", value: key) }
        return desk.send(.POST, "/webhook", body, headers)
    }

    @Test("the webhook's signature is that of HMAC-SHA256 over time and body")
    func webhookSignature() {
        // printf '1700000000.{"to":"+1"}' | openssl dgst -sha256 -hmac secret
        let code = WebhookGateway.sign(timestamp: "1700000000", body: #"{"to":"+1"}"#.utf8, secret: "secret")
        #expect(code == "sha256=2856c4fd5f622703431dcbf8ef48728f19950ea00082b2fd836289ebc35616d7")
    }

    @Test("the webhook takes what is signed now, once for each key")
    func webhookAccepts() {
        let first = webhook(#"{"to":"+491"}"#, key: "k1")
        #expect(first.status == 200)
        #expect(first.json?["repeated"]?.bool == false)
        let second = webhook(#"{"to":"+491"}"#, late: 300, key: "k1")
        #expect(second.json?["id"] == first.json?["id"])
        #expect(second.json?["repeated"]?.bool == true)
        #expect(webhook(#"{"to":["+491","+492"]}"#).status == 200)
        #expect(desk.context.journal.accepted.map(\.targets) == [["+491"], ["+491", "+492"]])
    }

    @Test("the webhook refuses another secret, another time and what is no object")
    func webhookRefuses() {
        #expect(webhook("{}", secret: "other").status == 401)
        #expect(webhook("{}", late: 301).status == 401)
        #expect(webhook("{}", late: -301).status == 401)
        #expect(webhook("[]").status == 400)
        #expect(desk.context.journal.counts.refused == ["bad_signature": 1, "stale_timestamp": 2, "bad_body": 1])
        desk.setRules([VendorRule(path: "/webhook", .code("rate_limited"), retryAfter: 9)])
        #expect(webhook("{}").headers.first(name: "retry-after") == "9")
        #expect(desk.send(.GET, "/nothing").status == 404)
    }
}
