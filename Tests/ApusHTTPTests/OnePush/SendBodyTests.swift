import ApusCore
import NIOCore
import Testing

@testable import ApusHTTP

@Suite("The body of a send")
struct SendBodyTests {
    private let app = App(
        number: AppNumber(1), id: "a", name: "A", createdAt: Timestamp(milliseconds: 0), keyHash: SecretHash(of: "k"))

    private let now = Timestamp(milliseconds: 1_800_000_000_000)

    private func request(_ json: String, limits: SendLimits = SendLimits()) throws -> PushRequest {
        let app = app
        return try SendBody(ByteBuffer(string: json), limits: limits).request(
            idempotencyKey: nil, limits: limits, at: now
        ) {
            id, key throws(ApusError) in
            guard id == app.id else { throw .unknownApp }
            guard app.keyHash.matches(key) else { throw .wrongAppKey }
            return app
        }
    }

    private func body(_ members: String) -> String {
        """
        {"appId":"a","appKey":"k","platform":"ALL","audienceType":"ALIAS","audiences":["u"],"alert":"hi"\(members)}
        """
    }

    private func problems(_ json: String) throws -> [String] {
        do {
            _ = try request(json)
            return []
        } catch let error as ApusError {
            #expect(error.kind == .invalid)
            return error.fields.map { "\($0.name) \($0.code)" }
        }
    }

    @Test("becomes a request with the defaults of ONE-PUSH")
    func defaults() throws {
        let push = try request(body(""))
        #expect(push.audience == Audience(.alias, ["u"]))
        #expect(push.content == MessageContent(alert: "hi", listenFlag: "NOTF"))
        #expect(!push.needsConfirmation && push.timeToLive == 259_200 && push.idempotencyKey == nil)
    }

    @Test("a null is the same as no member at all")
    func nulls() throws {
        let push = try request(body(#","apns":null,"extra":null,"title":null,"badge":null,"needConfirm":null"#))
        #expect(push == (try request(body(""))))
    }

    @Test("carries every member that ONE-PUSH knows, in both spellings")
    func everything() throws {
        let push = try request(
            """
            {"appId":"a","appKey":"k","tenantCode":"t","platform":"IOS","pushMsgType":"CMD","needConfirm":true,
            "duration":60,"audienceType":"TAG","audiences":["x","y","x"],"extra":{"a": [1.50, null]},"alert":"h\\u00fc",
            "sound":"default","badge":"3","sender":"ben","sendDeive":"PC","smsMessage":"sms","listenFlag":"L",
            "requestId":"r1"}
            """)
        #expect(push.audience == Audience(.tag, ["x", "y"], platform: .ios, tenant: "t"))
        #expect(
            push.content
                == MessageContent(
                    kind: .command, alert: "hü", extra: #"{"a": [1.50, null]}"#, sound: "default", badge: 3,
                    listenFlag: "L", sender: "ben", senderDevice: "PC", smsMessage: "sms"))
        #expect(push.needsConfirmation && push.timeToLive == 60 && push.idempotencyKey == "r1")
        #expect(try request(body(#","sendDevice":"WEB""#)).content.senderDevice == "WEB")
    }

    @Test(
        "understands every form of an audience",
        arguments: [
            (#""audienceType":"ALIAS","audiences":["u"]"#, Audience(.alias, ["u"])),
            (#""audienceType":"ALIAS","audiences":"u""#, Audience(.alias, ["u"])),
            (#""audienceType":"ALIAS","audiences":["all","u"]"#, Audience(.all)),
            (#""audienceType":"TAG","audiences":["All"]"#, Audience(.all)),
            (#""audienceType":"DEVICE","audiences":["d1","d2"]"#, Audience(.device, ["d1", "d2"])),
            (#""audienceType":"ALL""#, Audience(.all)),
        ])
    func audiences(_ members: String, _ expected: Audience) throws {
        let json = #"{"appId":"a","appKey":"k","platform":"ALL","alert":"hi",\#(members)}"#
        #expect(try request(json).audience == expected)
    }

    @Test(
        "makes of a duration what ONE-PUSH does",
        arguments: [(60, 60), (0, 0), (-1, 259_200), (259_200, 259_200), (259_201, 259_200)] as [(Int64, Int64)])
    func durations(_ given: Int64, _ expected: Int64) throws {
        #expect(try request(body(#","duration":\#(given)"#)).timeToLive == expected)
    }

    @Test("says what is done until somebody confirms")
    func escalation() throws {
        #expect(try request(body("")).escalation == nil)
        #expect(try request(body(#","escalate":null"#)).escalation == nil)
        #expect(try request(body(#","escalate":[],"duration":0"#)).escalation == [])
        let push = try request(
            body(#","escalate":[{"after":60,"via":"sms"},{"to":["b","a","b"],"after":0},{"after":1e1,"via":"vendor"}]"#)
        )
        #expect(
            push.escalation == [
                EscalationPlan.Step(after: 60, .notice(.sms)), EscalationPlan.Step(after: 0, .persons(["b", "a"])),
                EscalationPlan.Step(after: 10, .vendor),
            ])
    }

    @Test(
        "names steps that are wrong",
        arguments: [
            "{}", "[1]", #"[{"after":1}]"#, #"[{"via":"sms"}]"#, #"[{"after":1,"via":"x"}]"#,
            #"[{"after":1,"to":"ann"}]"#, #"[{"after":1,"to":[]}]"#, #"[{"after":1,"via":"sms","to":["a"]}]"#,
            #"[{"after":259200,"via":"sms"}]"#,
        ])
    func wrongEscalation(_ steps: String) throws {
        #expect(try Set(problems(body(#","escalate":\#(steps)"#))) == ["escalate value"])
    }

    @Test("names everything that is missing or wrong, each member once")
    func wrong() throws {
        #expect(
            Set(try problems("{}"))
                == ["appId", "appKey", "platform", "audienceType", "audiences", "alert"].reduce(into: []) {
                    $0.insert("\($1) required")
                })
        #expect(
            try problems(
                """
                {"appId":1,"appKey":"k","platform":"TOASTER","audienceType":"NAME","audiences":[1],"alert":["x"],
                "needConfirm":"maybe","duration":1.5,"badge":true,"pushMsgType":"X"}
                """
            ).sorted() == [
                "alert type", "appId type", "audienceType value", "audiences type", "badge type", "duration type",
                "needConfirm type", "platform value", "pushMsgType value",
            ])
        #expect(try problems(body(#","sender":"\#(String(repeating: "x", count: 256))""#)) == ["sender value"])
    }

    @Test("is refused unless it is a JSON object", arguments: ["", "[]", "{", "null", "{\"a\":}", "{} x"])
    func notJSON(_ text: String) {
        #expect {
            try request(text)
        } throws: { error in
            (error as? ApusError)?.code == "invalid_json"
        }
    }

    @Test("is refused when it is too large for a message, and says by how much")
    func payload() throws {
        var limits = SendLimits()
        limits.payload = 10
        #expect(try request(body(#","extra":"123456""#), limits: limits).content.extra == #""123456""#)
        #expect {
            try request(body(#","extra":"1234567""#), limits: limits)
        } throws: { error in
            let error = error as? ApusError
            return error?.kind == .tooLarge && error?.message.contains("1 more") == true
        }
    }

    @Test("is refused with more audiences than allowed")
    func manyAudiences() throws {
        let names = (0..<1001).map { "\"u\($0)\"" }.joined(separator: ",")
        let json =
            #"{"appId":"a","appKey":"k","platform":"ALL","audienceType":"ALIAS","alert":"x","audiences":[\#(names)]}"#
        #expect(try problems(json) == ["audiences value"])
    }

    @Test("lists members that mean nothing")
    func unknown() throws {
        let body = try SendBody(ByteBuffer(string: body(#","colour":"red","x":[1,{"y":2}]"#)), limits: SendLimits())
        #expect(body.unknown == ["colour", "x"])
    }

    @Test("is refused for an unknown app and for a wrong key")
    func access() {
        #expect(throws: ApusError.unknownApp) { try request(body("").replacing("\"a\"", with: "\"b\"")) }
        #expect(throws: ApusError.wrongAppKey) { try request(body("").replacing("\"k\"", with: "\"K\"")) }
    }
}
