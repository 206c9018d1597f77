import ApusCore
import NIOCore
import Testing

@testable import ApusHTTP

@Suite("What a send can say beyond ONE-PUSH")
struct NativeSendBodyTests {
    private let app = App(
        number: AppNumber(1), id: "a", name: "A", createdAt: Timestamp(milliseconds: 0), keyHash: SecretHash(of: "k"))
    private let now = Timestamp(milliseconds: 1_800_000_000_000)

    private func request(_ members: String, key: String? = "k") throws -> PushRequest {
        let body = #"{"appId":"a","platform":"ALL","audienceType":"ALL","alert":"hi"\#(members)}"#
        let (app, limits) = (app, SendLimits())
        return try SendBody(ByteBuffer(string: body), limits: limits).request(
            idempotencyKey: nil, appKey: key, limits: limits, at: now
        ) { _, key throws(ApusError) in
            guard app.keyHash.matches(key) else { throw .wrongAppKey }
            return app
        }
    }

    private func problems(_ members: String) throws -> [String] {
        do {
            _ = try request(members)
            return []
        } catch let error as ApusError {
            return error.fields.map { "\($0.name) \($0.code)" }
        }
    }

    @Test("the app's key may come in a header")
    func keyInHeader() throws {
        #expect(try request("").appID == "a")
        #expect(throws: ApusError.wrongAppKey) { try request("", key: "other") }
        #expect(throws: ApusError.self) { try request("", key: nil) }
    }

    @Test(
        "the time to send at is RFC 3339 or milliseconds",
        arguments: [
            (#""2027-01-15T08:00:01Z""#, 1_800_000_001_000), (#""2027-01-15T16:00:01.5+08:00""#, 1_800_000_001_000),
            ("1800000000001", 1_800_000_000_001), (#""2027-01-15T08:00:00Z""#, nil), ("0", nil), ("null", nil),
        ])
    func sendAt(_ text: String, milliseconds: Int64?) throws {
        #expect(try request(#","sendAt":\#(text)"#).sendAt?.milliseconds == milliseconds)
    }

    @Test("what a message replaces, how urgent it is and how it reads elsewhere become part of it")
    func everything() throws {
        let push = try request(
            #"""
            ,"collapseKey":"score","priority":9,"localized":{"zh-CN":{"title":"T","alert":"你好"}},
            "platforms":{"ios":{"alert":"phone","badge":1,"sound":"s"},"WEB":{"uri":"u","extra":{"a":[1]}}}
            """#)
        #expect(push.content.collapseKey == "score" && push.content.urgency == .high)
        #expect(
            push.content.variants
                == MessageVariants(
                    languages: ["zh-cn": .init(title: "T", alert: "你好")],
                    platforms: [
                        .ios: .init(alert: "phone", sound: "s", badge: 1), .web: .init(uri: "u", extra: #"{"a":[1]}"#),
                    ]))
        #expect(try request(#","priority":"low""#).content.urgency == .low)
        #expect(try request(#","localized":{},"platforms":null"#).content.variants == nil)
    }

    @Test(
        "each wrong member is named",
        arguments: [
            (#","sendAt":"tomorrow""#, ["sendAt value"]), (#","sendAt":"2027-01-15T08:00:00""#, ["sendAt value"]),
            (#","sendAt":true"#, ["sendAt value"]), (#","sendAt":-1"#, ["sendAt value"]),
            (#","sendAt":"2029-01-15T08:00:00Z""#, ["sendAt value"]),
            (#","sendAt":99999999999999999"#, ["sendAt value"]),
            (#","collapseKey":"","priority":11"#, ["collapseKey value", "priority value"]),
            (#","collapseKey":"a b""#, ["collapseKey value"]),
            (#","collapseKey":"\#(String(repeating: "a", count: 65))""#, ["collapseKey value"]),
            (#","priority":"urgent""#, ["priority value"]), (#","priority":1.5"#, ["priority type"]),
            (#","localized":[]"#, ["localized type"]), (#","localized":{"e":{}}"#, ["localized.e value"]),
            (#","localized":{"en":{"body":"x"}}"#, ["localized.en.body value"]),
            (#","localized":{"en":{"alert":1}}"#, ["localized.en.alert type"]),
            (#","platforms":{"mac":{}}"#, ["platforms.mac value"]),
            (#","platforms":{"ios":{"badge":"x"}}"#, ["platforms.ios.badge type"]),
        ])
    func wrong(_ members: String, names: [String]) throws {
        #expect(try problems(members) == names)
    }

    @Test("there are so many languages at most, and each variant has to fit")
    func bounds() throws {
        let languages = (0..<51).map { #""l\#($0)":{}"# }.joined(separator: ",")
        #expect(try problems(#","localized":{\#(languages)}"#) == ["localized value"])
        let long = String(repeating: "x", count: 4095)
        #expect(try request(#","localized":{"en":{"alert":"\#(long)"}}"#).content.variants != nil)
        #expect(throws: ApusError.self) { try request(#","title":"ab","localized":{"en":{"alert":"\#(long)"}}"#) }
    }
}
