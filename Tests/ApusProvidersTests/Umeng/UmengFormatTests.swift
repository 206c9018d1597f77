import ApusCore
import NIOCore
import NIOHTTP1
import Testing

@testable import ApusProviders

@Suite("What is said to Umeng, and what it says")
struct UmengFormatTests {
    private func credential(_ platform: String = "android", _ more: String = "") throws -> UmengCredential {
        try UmengCredential(
            Credential(
                app: AppNumber(1), appID: "shop", route: .umeng, name: "",
                settings: #"{"platform":"\#(platform)","appKey":"AK"\#(more)}"#,
                secret: Array(#"{"masterSecret":"SECRET"}"#.utf8), createdAt: Timestamp(milliseconds: 0)))
    }

    private func message(_ content: MessageContent) -> Message {
        Message(
            id: MessageID(42), app: AppNumber(1), appID: "shop", tenant: "", content: content, needsConfirmation: false,
            expiresAt: Timestamp(milliseconds: 1_700_000_000_000))
    }

    private func payload(_ content: MessageContent, _ platform: String = "android") throws -> String {
        try UmengPayload(message(content), for: credential(platform)).json
    }

    @Test("a request is signed over its method, URL, body and secret")
    func sign() throws {
        let body =
            #"{"appkey":"AK","timestamp":1700000000,"type":"unicast","device_tokens":"T","payload":"#
            + #"{"display_type":"notification","body":{"ticker":"t","title":"标题","text":"正文","after_open":"go_app"}}}"#
        let sign = try credential().sign(url: "https://msgapi.umeng.com/api/send", body: body.utf8)
        #expect(sign == "ccbc10fd59cfbaa6765ed7f818db7d96")
    }

    @Test("Android's notification has all that Umeng asks for")
    func android() throws {
        let content = MessageContent(title: "T", alert: "A", extra: #"{"type":"kpi"}"#)
        #expect(
            try payload(content)
                == #"{"display_type":"notification","body":{"ticker":"A","title":"T","text":"A","after_open":"go_app"},"#
                + #""extra":{"type":"kpi","apusId":"42"}}"#)
    }

    @Test("a web address is opened by the phone, and another URI by the app")
    func uri() throws {
        #expect(
            try payload(MessageContent(alert: "A", uri: "https://example.org"))
                .contains(#""after_open":"go_url","url":"https://example.org""#))
        let own = try payload(MessageContent(alert: "A", uri: "shop://1"))
        #expect(own.contains(#""after_open":"go_app""#))
        #expect(own.contains(#""uri":"shop://1""#))
    }

    @Test("a command shows nothing")
    func command() throws {
        let content = MessageContent(kind: .command, alert: "sync")
        #expect(
            try payload(content)
                == #"{"display_type":"message","body":{"custom":{"apusId":"42","apusCommand":"sync"}}}"#)
        #expect(
            try payload(content, "ios")
                == #"{"aps":{"content-available":1},"apusId":"42","apusCommand":"sync"}"#)
    }

    @Test("on iOS the app's data stands beside aps")
    func ios() throws {
        let content = MessageContent(title: "T", alert: "A", extra: #"{"type":"kpi"}"#, sound: "default", badge: 3)
        #expect(
            try payload(content, "ios")
                == #"{"aps":{"alert":{"title":"T","body":"A"},"sound":"default","badge":3},"type":"kpi","apusId":"42"}"#
        )
    }

    @Test("names that Umeng keeps for itself are refused", arguments: ["aps", "d", "p"])
    func reserved(name: String) throws {
        let content = MessageContent(alert: "A", extra: #"{"\#(name)":1}"#)
        #expect(throws: ApusError.self) { try payload(content, "ios") }
        #expect(throws: Never.self) { try payload(content) }
    }

    @Test("a message expires in Umeng when it expires here, after seven days at most")
    func policy() throws {
        let payload = try UmengPayload(
            message(MessageContent(alert: "A")), for: credential("android", #","miActivity":"a.B""#))
        func written(_ now: Int64) -> String {
            var body = ByteBuffer()
            body.writeJSONObject { payload.write(to: &$0, at: Timestamp(milliseconds: now), businessNumber: "42") }
            return String(buffer: body)
        }
        // 22:13:20 in Greenwich.
        #expect(
            written(1_699_999_000_000).contains(#""policy":{"expire_time":"2023-11-15 06:13:20","out_biz_no":"42"}"#))
        #expect(
            written(1_690_000_000_000).contains(#""policy":{"expire_time":"2023-07-29 12:26:40","out_biz_no":"42"}"#))
        #expect(written(0).contains(#""mipush":"true","mi_activity":"a.B""#))
    }

    @Test("an error's code may be a text or a number")
    func codes() {
        for code in [#""2027""#, "2027"] {
            let body = ByteBuffer(string: #"{"ret":"FAIL","data":{"error_code":\#(code),"error_msg":"bad sign"}}"#)
            let response = UmengResponse(OutgoingResponse(status: 400, headers: [:], body: body))
            #expect(response.code == 2027)
            #expect(response.detail == "Umeng answered 2027: bad sign.")
        }
    }

    @Test(
        "every code has a meaning",
        arguments: [
            (2027, UmengError.credential), (2054, .credential), (5010, .credential), (2050, .busy), (2012, .busy),
            (3004, .failing), (6002, .failing), (4014, .token), (4025, .token), (5005, .token), (4026, .partial),
            (2022, .message), (1010, .message), (9999, .message),
        ])
    func meanings(code: Int, meaning: UmengError) {
        #expect(UmengError(code: code) == meaning)
    }

    @Test("an answer that is not Umeng's: who refused did not send, who cannot say may have")
    func unreadable() throws {
        for (status, code) in [(200, "umeng.200"), (502, "umeng.502")] {
            #expect(answer(status, "<html>") == .unanswered(code: code, detail: detail(status)))
        }
        #expect(answer(403, "") == .failing(code: "umeng.403", detail: detail(403)))
        #expect(answer(503, "", ["retry-after": "9"]) == .busy(seconds: 9, detail: detail(503)))
    }

    private func detail(_ status: Int) -> String { "The vendor answered \(status) and nothing that can be read." }

    private func answer(_ status: Int, _ body: String, _ headers: HTTPHeaders = [:]) -> ApusProviders.VendorAnswer {
        let delivery = VendorDelivery(
            message: message(MessageContent(alert: "A")), device: DeviceNumber(1), platform: .android, token: "t",
            registeredAt: Timestamp(milliseconds: 0))
        let response = OutgoingResponse(status: status, headers: headers, body: ByteBuffer(string: body))
        return UmengResponse(response).answer(
            to: VendorBatch(BatchedDelivery(delivery) { _ in }), at: Timestamp(milliseconds: 0))
    }
}
