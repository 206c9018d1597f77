import ApusCore
import ApusTestKit
import NIOCore
import NIOHTTP1
import Testing

@testable import ApusSimulators

@Suite("UmengService")
struct UmengServiceTests {
    static let androidToken = "And" + String(repeating: "r", count: 41)
    static let iosToken = String(repeating: "a1", count: 32)
    static let androidPayload =
        #"{"display_type":"notification","body":{"ticker":"t","title":"标题","text":"正文","after_open":"go_app"}}"#
    static let iosPayload = #"{"aps":{"alert":"x"},"order":1}"#

    static let apps = [
        UmengApp(appKey: "AK", masterSecret: "SECRET", platform: .android),
        UmengApp(appKey: "IK", masterSecret: "OTHER", platform: .ios),
    ]

    let desk: VendorDesk

    init() {
        self.init(taskStep: nil)
    }

    init(taskStep: Int64?) {
        desk = VendorDesk(UmengService(apps: Self.apps, taskStep: taskStep))
    }

    var now: Int64 { desk.clock.now.milliseconds / 1000 }

    /// - Parameter members: what comes after app and time.
    func send(_ members: String, app: String = "AK", path: String = "/api/send", at time: Int64? = nil) -> VendorAnswer
    {
        let body = #"{"appkey":"\#(app)","timestamp":\#(time ?? now)\#(members.isEmpty ? "" : ",")\#(members)}"#
        return sendSigned(body, secret: app == "AK" ? "SECRET" : "OTHER", path: path)
    }

    func sendSigned(_ body: String, secret: String, path: String = "/api/send") -> VendorAnswer {
        let sign = UmengSignature.sign(
            method: "POST", url: "http://vendor.example\(path)", body: body.utf8, secret: secret)
        return desk.send(.POST, "\(path)?sign=\(sign)", body)
    }

    func code(_ answer: VendorAnswer) -> String? {
        #expect(answer.status == 400)
        #expect(answer.json?["ret"]?.string == "FAIL")
        return answer.json?["data"]?["error_code"]?.string
    }

    func unicast(_ token: String = androidToken, payload: String = androidPayload) -> String {
        #""type":"unicast","device_tokens":"\#(token)","payload":\#(payload)"#
    }

    // MARK: Authentication

    @Test("a signature is the MD5 of method, URL, body and secret")
    func signature() {
        let body =
            #"{"appkey":"AK","timestamp":1700000000,"type":"unicast","device_tokens":"T","payload":\#(Self.androidPayload)}"#
        let sign = UmengSignature.sign(
            method: "POST", url: "https://msgapi.umeng.com/api/send", body: body.utf8, secret: "SECRET")
        #expect(sign == "ccbc10fd59cfbaa6765ed7f818db7d96")
    }

    @Test("requests that are not of the app or not of now are refused")
    func authentication() {
        #expect(code(sendSigned("{", secret: "SECRET")) == "2008")
        #expect(code(sendSigned("{}", secret: "SECRET")) == "1000")
        #expect(code(sendSigned(#"{"appkey":"XX"}"#, secret: "SECRET")) == "2021")
        #expect(code(desk.send(.POST, "/api/send", #"{"appkey":"AK"}"#)) == "2007")
        #expect(code(sendSigned(#"{"appkey":"AK","timestamp":\#(now)}"#, secret: "OTHER")) == "2027")
        #expect(code(sendSigned(#"{"appkey":"AK"}"#, secret: "SECRET")) == "2052")
        #expect(code(send("", at: 1)) == "2036")
        #expect(code(send("", at: now - 601)) == "2028")
        #expect(code(send("", at: (now + 601) * 1000)) == "2028")
        #expect(send(unicast(), at: now - 600).status == 200)
        #expect(send(unicast(), at: (now + 600) * 1000).status == 200)
        #expect(desk.send(.GET, "/api/send").status == 405)
        #expect(desk.send(.POST, "/other").status == 404)
    }

    // MARK: Messages

    @Test("a message to one device has an id, but no status")
    func message() throws {
        let answer = send(unicast())
        let id = try #require(answer.json?["data"]?["msg_id"]?.string)
        #expect(answer.json?["ret"]?.string == "SUCCESS")
        #expect(id.hasPrefix("uu"))
        #expect(desk.context.journal.accepted.map(\.id) == [id])
        #expect(code(send(#""task_id":"\#(id)""#, path: "/api/status")) == "1014")
    }

    @Test(
        "types have their members and limits",
        arguments: [
            (#""payload":{}"#, "1016"), (#""type":"shout""#, "2048"), (#""type":"unicast""#, "1015"),
            (#""type":"unicast","device_tokens":"a,b""#, "2015"), (#""type":"filecast""#, "2018"),
            (#""type":"groupcast""#, "2016"), (#""type":"customizedcast","alias":"a""#, "2049"),
            (#""type":"customizedcast","alias_type":"uid""#, "2009"),
            (#""type":"filecast","file_id":"PF1","payload":{"display_type":"message","body":{"custom":"x"}}"#, "2019"),
        ])
    func types(_ members: String, _ expected: String) {
        #expect(code(send(members)) == expected)
    }

    @Test("a list may have 500 tokens or aliases")
    func lists() {
        func list(_ count: Int) -> String { Array(repeating: Self.androidToken, count: count).joined(separator: ",") }
        func listcast(_ count: Int) -> VendorAnswer {
            send(#""type":"listcast","device_tokens":"\#(list(count))","payload":\#(Self.androidPayload)"#)
        }
        #expect(listcast(500).json?["data"]?["msg_id"]?.string?.hasPrefix("ul") == true)
        #expect(code(listcast(501)) == "2015")
        let aliases = Array(repeating: "a", count: 501).joined(separator: ",")
        #expect(code(send(#""type":"customizedcast","alias_type":"uid","alias":"\#(aliases)""#)) == "2011")
    }

    @Test(
        "payloads for Android need what their kind needs",
        arguments: [
            ("[]", "1001"), ("{}", "1004"), (#"{"display_type":"notification"}"#, "1002"),
            (#"{"display_type":"x","body":{}}"#, "1019"), (#"{"display_type":"message","body":{}}"#, "1003"),
            (#"{"display_type":"notification","body":{}}"#, "1008"),
            (#"{"display_type":"notification","body":{"ticker":"t"}}"#, "1009"),
            (#"{"display_type":"notification","body":{"ticker":"t","title":"t"}}"#, "1010"),
            (
                #"{"display_type":"notification","body":{"ticker":"t","title":"t","text":"t","after_open":"go_url"}}"#,
                "1022"
            ),
            (
                #"{"display_type":"notification","body":{"ticker":"t","title":"t","text":"t","after_open":"go_activity"}}"#,
                "1024"
            ),
        ])
    func androidPayloads(_ payload: String, _ expected: String) {
        #expect(code(send(unicast(payload: payload))) == expected)
    }

    @Test(
        "payloads for iOS need an alert or content-available, and have no d and p",
        arguments: [
            ("{}", "2025"), (#"{"aps":{}}"#, "2025"), (#"{"aps":{"alert":"x"},"d":1}"#, "5002"),
            (#"{"aps":{"alert":"x"},"p":1}"#, "5002"),
        ])
    func iosPayloads(_ payload: String, _ expected: String) {
        #expect(code(send(unicast(Self.iosToken, payload: payload), app: "IK")) == expected)
        #expect(send(unicast(Self.iosToken, payload: #"{"aps":{"content-available":1}}"#), app: "IK").status == 200)
    }

    @Test("a payload may have 1840 bytes")
    func size() {
        let empty = #"{"display_type":"message","body":{"custom":""}}"#
        func payload(_ count: Int) -> String {
            empty.replacing("\"\"", with: "\"\(String(repeating: "x", count: count - empty.utf8.count))\"")
        }
        #expect(send(unicast(payload: payload(1840))).status == 200)
        #expect(code(send(unicast(payload: payload(1841)))) == "2022")
    }

    @Test("tokens have the form of their platform, and are of their app")
    func tokens() {
        #expect(code(send(unicast("short"))) == "4020")
        #expect(code(send(unicast(Self.iosToken))) == "4014")
        #expect(code(send(unicast(Self.androidToken, payload: Self.iosPayload), app: "IK")) == "4014")
        let demanded = "40204020" + String(repeating: "x", count: 36)
        #expect(code(send(unicast(demanded))) == "4020")
        #expect(desk.context.journal.counts.accepted == 0)
    }

    @Test("a list with dead tokens fails in part or as a whole, without saying which")
    func partialFailure() {
        func listcast(_ tokens: [String]) -> VendorAnswer {
            send(
                #""type":"listcast","device_tokens":"\#(tokens.joined(separator: ","))","payload":\#(Self.androidPayload)"#
            )
        }
        #expect(code(listcast(["bad", Self.androidToken])) == "4026")
        #expect(desk.context.journal.accepted.map(\.targets) == [[Self.androidToken]])
        #expect(code(listcast(["bad", "worse"])) == "4025")
    }

    // MARK: Tasks

    func broadcast(_ policy: String = "{}") -> VendorAnswer {
        send(#""type":"broadcast","payload":\#(Self.androidPayload),"policy":\#(policy)"#)
    }

    func status(_ id: String, app: String = "AK") -> JSONValue? {
        send(#""task_id":"\#(id)""#, app: app, path: "/api/status").json?["data"]
    }

    @Test("a task goes from queued to sending to done, a step with each question")
    func steps() throws {
        let id = try #require(broadcast().json?["data"]?["task_id"]?.string)
        #expect(id.hasPrefix("um"))
        #expect((0..<4).map { _ in status(id)?["status"]?.int } == [0, 1, 2, 2])
        let counts = [
            status(id)?["sent_count"]?.int, status(id)?["dismiss_count"]?.int, status(id)?["total_count"]?.int,
        ]
        #expect(counts == [100, 0, nil])
    }

    @Test("a task goes on by the clock if it is to")
    func clockedSteps() throws {
        let clocked = UmengServiceTests(taskStep: 10)
        let answer = clocked.send(#""type":"broadcast","payload":\#(Self.iosPayload)"#, app: "IK")
        let id = try #require(answer.json?["data"]?["task_id"]?.string)
        #expect(clocked.status(id, app: "IK")?["status"]?.int == 0)
        clocked.desk.clock.advance(by: .seconds(10))
        #expect(clocked.status(id, app: "IK")?["sent_count"]?.int == 50)
        clocked.desk.clock.advance(by: .seconds(10))
        #expect(clocked.status(id, app: "IK")?["status"]?.int == 2)
        #expect(clocked.status(id, app: "IK")?["total_count"]?.int == 100)
    }

    @Test("a task can be cancelled until it is done")
    func cancels() throws {
        func cancel(_ id: String) -> VendorAnswer { send(#""task_id":"\#(id)""#, path: "/api/cancel") }
        let id = try #require(broadcast().json?["data"]?["task_id"]?.string)
        #expect(cancel(id).status == 200)
        #expect(status(id)?["status"]?.int == 4)
        #expect(code(cancel(id)) == "1028")
        #expect(code(cancel("um0")) == "1014")
        #expect(code(send("", path: "/api/cancel")) == "2053")
    }

    @Test("times of a policy are Beijing's; a task that starts later is scheduled until then")
    func policies() throws {
        // The clock stands at 2027-01-15 08:00:00 UTC.
        let id = try #require(broadcast(#"{"start_time":"2027-01-15 16:10:00"}"#).json?["data"]?["task_id"]?.string)
        #expect(status(id)?["status"]?.int == 7)
        desk.clock.advance(by: .seconds(600))
        #expect(status(id)?["status"]?.int == 0)
        #expect(code(broadcast(#"{"expire_time":"2027-01-15 16:00:00"}"#)) == "2003")
        #expect(code(broadcast(#"{"expire_time":"2027-01-22 16:10:01"}"#)) == "2039")
        #expect(broadcast(#"{"expire_time":"2027-01-22 16:10:00"}"#).status == 200)
        #expect(code(broadcast(#"{"expire_time":"soon"}"#)) == "2002")
        #expect(code(broadcast(#"{"start_time":"soon"}"#)) == "2040")
        #expect(code(broadcast(#"{"max_send_num":999}"#)) == "1027")
    }

    @Test("a task with a number that was there is the same task; messages have no such numbers")
    func numbers() {
        let first = broadcast(#"{"out_biz_no":"7"}"#).text
        #expect(broadcast(#"{"out_biz_no":"7"}"#).text == first)
        #expect(broadcast(#"{"out_biz_no":"8"}"#).text != first)
        #expect(desk.context.journal.counts.accepted == 2)
        let policy = #","policy":{"out_biz_no":"7"}"#
        #expect(send(unicast() + policy).text != send(unicast() + policy).text)
    }

    @Test("there are ten broadcasts a day and five groupcasts a minute")
    func quotas() {
        for _ in 0..<10 { #expect(broadcast().status == 200) }
        #expect(code(broadcast()) == "2050")
        let group = #""type":"groupcast","filter":{"where":{"and":[{"tag":"a"}]}},"payload":\#(Self.androidPayload)"#
        for _ in 0..<5 { #expect(send(group).status == 200) }
        #expect(code(send(group)) == "2050")
        desk.clock.advance(by: .seconds(60))
        #expect(send(group).status == 200)
        #expect(code(broadcast()) == "2050")
    }

    @Test("a file is uploaded and sent to")
    func files() throws {
        let upload = send(#""content":"a\nb\nc\n""#, path: "/upload")
        let file = try #require(upload.json?["data"]?["file_id"]?.string)
        let sent = send(#""type":"filecast","file_id":"\#(file)","payload":\#(Self.androidPayload)"#)
        let id = try #require(sent.json?["data"]?["task_id"]?.string)
        #expect(id.hasPrefix("uf"))
        for _ in 0..<2 { _ = status(id) }
        #expect(status(id)?["sent_count"]?.int == 3)
        #expect(code(send("", path: "/upload")) == "2029")
    }

    @Test("an error that was demanded comes for every request", arguments: ["2050", "2054", "3000"])
    func demanded(_ expected: String) {
        desk.setRules([VendorRule(.code(expected), times: 1)])
        #expect(code(send(unicast())) == expected)
        #expect(send(unicast()).status == 200)
    }
}
