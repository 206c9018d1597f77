import ApusCore
import ApusTestKit
import NIOCore
import NIOHTTP1
import Testing

@testable import ApusSimulators

@Suite("GetuiService")
struct GetuiServiceTests {
    static let notification = #"{"notification":{"title":"t","body":"b","click_type":"startapp"}}"#

    let desk = VendorDesk(
        GetuiService(appID: "APP", appKey: "APPKEY", masterSecret: "MASTER", tokenLifetime: 3600, rate: 1000))

    func authenticate(secret: String = "MASTER", at time: Int64? = nil) -> VendorAnswer {
        let timestamp = "\(time ?? desk.clock.now.milliseconds)"
        let sign = GetuiAccess.sign(appKey: "APPKEY", timestamp: timestamp, masterSecret: secret)
        return desk.send(.POST, "/v2/APP/auth", #"{"sign":"\#(sign)","timestamp":"\#(timestamp)","appkey":"APPKEY"}"#)
    }

    func token() throws -> HTTPHeaders {
        ["token": try #require(authenticate().json?["data"]?["token"]?.string)]
    }

    func push(_ client: String, request: String = RandomToken.hex128(), _ headers: HTTPHeaders) -> VendorAnswer {
        let body =
            #"{"request_id":"\#(request)","audience":{"cid":["\#(client)"]},"push_message":\#(Self.notification)}"#
        return desk.send(.POST, "/v2/APP/push/single/cid", body, headers)
    }

    func code(_ answer: VendorAnswer) -> Int64? {
        answer.json?["code"]?.int
    }

    func outcomes(_ answer: VendorAnswer) -> [JSONValue.Member]? {
        answer.json?["data"]?.members?.first?.value.members
    }

    // MARK: Authentication

    @Test("a signature is the SHA-256 of key, time and secret")
    func signature() {
        let sign = GetuiAccess.sign(appKey: "APPKEY", timestamp: "1700000000000", masterSecret: "MASTER")
        #expect(sign == "faab0051c20d315fc0bf362a798b1f487fdff3a86e667464ee2f564c4e0678c9")
    }

    @Test("a token is good until it expires or is given back")
    func tokens() throws {
        let answer = authenticate()
        #expect(answer.json?["data"]?["expire_time"]?.string == "\(desk.clock.now.milliseconds + 3_600_000)")
        let first = try token()
        #expect(code(push("c1", first)) == 0)
        desk.clock.advance(by: .seconds(3600))
        let expired = push("c1", first)
        #expect(expired.status == 401)
        #expect(code(expired) == 10001)
        let second = try token()
        #expect(code(push("c1", second)) == 0)
        #expect(code(desk.send(.DELETE, "/v2/APP/auth/\(second["token"][0])")) == 0)
        #expect(code(push("c1", second)) == 10001)
        #expect(code(push("c1", [:])) == 10001)
    }

    @Test("a wrong secret, a wrong time and another app are refused")
    func wrongAuthentication() throws {
        #expect(code(authenticate(secret: "OTHER")) == 20001)
        #expect(code(authenticate(at: desk.clock.now.milliseconds - 600_001)) == 20001)
        #expect(code(authenticate(at: .min)) == 20001)
        #expect(code(desk.send(.POST, "/v2/OTHER/auth", "{}")) == 10004)
        #expect(desk.send(.POST, "/v2/APP/nothing", "{}", try token()).status == 404)
    }

    @Test("there are a hundred tokens a minute")
    func authenticationRate() {
        for _ in 0..<100 { #expect(code(authenticate()) == 0) }
        #expect(code(authenticate()) == 10003)
        desk.clock.advance(by: .seconds(60))
        #expect(code(authenticate()) == 0)
    }

    // MARK: Push

    @Test(
        "a client is online, offline, ignored or unknown, by its id",
        arguments: [
            ("c1", "successed_online"), ("offline-1", "successed_offline"), ("ignore-1", "successed_ignore"),
        ])
    func outcome(_ client: String, _ expected: String) throws {
        let answer = push(client, try token())
        #expect(answer.status == 200)
        #expect(outcomes(answer) == [.init(name: client, value: .string(expected))])
        #expect(desk.context.journal.counts.accepted == 1)
    }

    @Test("a client of another app is an invalid target")
    func unknownClient() throws {
        let answer = push("invalid-1", try token())
        #expect(answer.status == 400)
        #expect(answer.text == #"{"code":20001,"msg":"target user is invalid"}"#)
        #expect(desk.context.journal.counts.accepted == 0)
    }

    @Test("a message with a request id that was there is answered and lost")
    func repeated() throws {
        let headers = try token()
        let request = "0123456789"
        let first = push("c1", request: request, headers).text
        #expect(push("c2", request: request, headers).text == first)
        #expect(desk.context.journal.accepted.map(\.targets) == [["c1"]])
    }

    @Test(
        "what is wrong is said",
        arguments: [
            (#"{}"#, "request_id is required"), (#"{"request_id":"short"}"#, "request_id size over limit"),
            (#"{"request_id":"0123456789","settings":{"ttl":259200001}}"#, "ttl is over limit"),
            (
                #"{"request_id":"0123456789"}"#,
                "push_message needs one of notification, transmission and revoke"
            ),
            (#"{"request_id":"0123456789","push_message":{"notification":{"title":"t"}}}"#, "body is required"),
            (
                #"{"request_id":"0123456789","push_message":{"notification":{"title":"t","body":"b","click_type":"url"}}}"#,
                "url is required"
            ),
            (#"{"request_id":"0123456789","push_message":{"transmission":"x"}}"#, "audience.cid is required"),
            (
                #"{"request_id":"0123456789","push_message":{"transmission":"x"},"audience":{"cid":["a","b"]}}"#,
                "cid size over limit"
            ),
        ])
    func wrong(_ body: String, _ message: String) throws {
        let answer = desk.send(.POST, "/v2/APP/push/single/cid", body, try token())
        #expect(code(answer) == 20001)
        #expect(answer.json?["msg"]?.string == message)
    }

    @Test("a message is made once and goes to lists; its report counts them")
    func lists() throws {
        let headers = try token()
        let made = desk.send(
            .POST, "/v2/APP/push/list/message", #"{"request_id":"0123456789","push_message":\#(Self.notification)}"#,
            headers)
        let id = try #require(made.json?["data"]?["taskid"]?.string)
        func send(_ clients: [String], task: String) -> VendorAnswer {
            let list = clients.map { "\"\($0)\"" }.joined(separator: ",")
            return desk.send(
                .POST, "/v2/APP/push/list/cid",
                #"{"audience":{"cid":[\#(list)]},"taskid":"\#(task)","is_async":false}"#,
                headers)
        }
        let sent = send(["c1", "offline-1", "invalid-1"], task: id)
        #expect(outcomes(sent)?.map(\.name) == ["c1", "offline-1"])
        #expect(code(send(["c1"], task: "RASL_0")) == 20001)
        #expect(code(send(["invalid-1"], task: id)) == 20001)
        #expect(send((1...1000).map { "c\($0)" }, task: id).status == 200)
        #expect(code(send((1...1001).map { "c\($0)" }, task: id)) == 20001)

        let report = desk.send(.GET, "/v2/APP/report/push/task/\(id),RASS_1", "", headers)
        let total = report.json?["data"]?[id]?["total"]
        #expect(total?["target_num"]?.int == 1002)
        #expect(total?["receive_num"]?.int == 1001)
        #expect(report.json?["data"]?.members?.count == 1)
    }

    @Test("calls beyond the rate are refused")
    func rate() throws {
        let headers = try token()
        for _ in 0..<1000 { _ = push("c1", headers) }
        #expect(code(push("c1", headers)) == 10005)
        desk.clock.advance(by: .seconds(60))
        #expect(code(push("c1", headers)) == 0)
    }
}
