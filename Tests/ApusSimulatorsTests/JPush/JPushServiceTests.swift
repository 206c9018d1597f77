import ApusCore
import ApusTestKit
import NIOCore
import NIOHTTP1
import Testing

@testable import ApusSimulators

@Suite("JPushService")
struct JPushServiceTests {
    let desk = VendorDesk(JPushService(appKey: "key", masterSecret: "secret", rate: 20))
    let headers: HTTPHeaders = ["authorization": "Basic \(Base64.encode(Array("key:secret".utf8)))"]

    func push(_ members: String, path: String = "/v3/push") -> VendorAnswer {
        desk.send(.POST, path, "{\(members)}", headers)
    }

    func get(_ uri: String) -> VendorAnswer {
        desk.send(.GET, uri, "", headers)
    }

    func code(_ answer: VendorAnswer) -> Int64? {
        answer.json?["error"]?["code"]?.int
    }

    func push(to ids: [String], _ more: String = "") -> VendorAnswer {
        let list = ids.map { "\"\($0)\"" }.joined(separator: ",")
        return push(
            #""platform":["android","ios"],"audience":{"registration_id":[\#(list)]},"notification":{"alert":"x"}\#(more)"#
        )
    }

    @Test("a push is accepted, with the number of the sender")
    func accepts() {
        let answer = push(to: ["r1", "r2"], #","options":{"sendno":7,"time_to_live":0}"#)
        #expect(answer.text == #"{"sendno":"7","msg_id":"1828256757"}"#)
        #expect(desk.context.journal.accepted.map(\.targets) == [["r1", "r2"]])
        #expect(answer.headers.first(name: "X-Rate-Limit-Quota") == "20")
        #expect(answer.headers.first(name: "X-Rate-Limit-Remaining") == "19")
        #expect(answer.headers.first(name: "X-Rate-Limit-Reset") == "60")
    }

    @Test("whoever does not know the secret is refused")
    func authentication() {
        let wrong = "Basic \(Base64.encode(Array("key:other".utf8)))"
        for headers: HTTPHeaders in [[:], ["authorization": wrong], ["authorization": "Bearer x"]] {
            let answer = desk.send(.POST, "/v3/push", "{}", headers)
            #expect(answer.status == 401)
            #expect(code(answer) == 1004)
        }
        let wrongMethod = get("/v3/push")
        #expect(wrongMethod.status == 405)
        #expect(code(wrongMethod) == 1001)
    }

    @Test(
        "what is wrong has its code",
        arguments: [
            (#""audience":"all","notification":{"alert":"x"}"#, 1002),
            (#""platform":"all","notification":{"alert":"x"}"#, 1002), (#""platform":"all","audience":"all""#, 1002),
            (#""platform":"all","audience":"all","message":{}"#, 1002),
            (#""platform":"symbian","audience":"all","notification":{"alert":"x"}"#, 1003),
            (#""platform":"all","audience":"some","notification":{"alert":"x"}"#, 1003),
            (#""platform":"all","audience":{"tag":[]},"notification":{"alert":"x"}"#, 1003),
            (#""platform":"all","audience":{"alias":[1]},"notification":{"alert":"x"}"#, 1003),
            (#""platform":"all","audience":{"city":["x"]},"notification":{"alert":"x"}"#, 1009),
            (#""platform":"all","audience":"all","notification":{"alert":"x"},"colour":1"#, 1009),
            (#""platform":"all","audience":"all","notification":{"alert":"x"},"options":{"sendno":0}"#, 1003),
            (
                #""platform":"all","audience":"all","notification":{"alert":"x"},"options":{"time_to_live":864001}"#,
                1003
            ),
        ])
    func refuses(_ members: String, _ expected: Int64) {
        let answer = push(members)
        #expect(answer.status == 400)
        #expect(code(answer) == expected)
    }

    @Test("1000 registration ids, 20 tags, 40 bytes of a tag, 2000 bytes for iOS and 4000 for Android are the most")
    func limits() {
        let ids = (1...1001).map { "r\($0)" }
        #expect(push(to: Array(ids.dropLast())).status == 200)
        #expect(code(push(to: ids)) == 1003)
        func audience(_ audience: String) -> VendorAnswer {
            push(#""platform":"all","audience":\#(audience),"notification":{"alert":"x"}"#)
        }
        let tags = Array(repeating: "\"t\"", count: 21)
        #expect(audience(#"{"tag":[\#(tags.dropLast().joined(separator: ","))]}"#).status == 200)
        #expect(code(audience(#"{"tag":[\#(tags.joined(separator: ","))]}"#)) == 1003)
        #expect(audience(#"{"tag":["\#(String(repeating: "x", count: 40))"]}"#).status == 200)
        #expect(code(audience(#"{"alias":["\#(String(repeating: "标", count: 14))"]}"#)) == 1003)
        func notification(_ kind: String, _ count: Int) -> VendorAnswer {
            let text = String(repeating: "x", count: count - #"{"alert":""}"#.utf8.count)
            return push(#""platform":"all","audience":"all","notification":{"\#(kind)":{"alert":"\#(text)"}}"#)
        }
        #expect(notification("ios", 2000).status == 200)
        #expect(code(notification("ios", 2001)) == 1005)
        #expect(notification("android", 4000).status == 200)
        #expect(code(notification("android", 4001)) == 1005)
    }

    @Test("devices that are gone are left out; if there is no other, no target is found")
    func targets() {
        #expect(push(to: ["r1", "1011-x"]).status == 200)
        #expect(desk.context.journal.accepted.map(\.targets) == [["r1"]])
        let gone = push(to: ["1011-x"])
        #expect(gone.status == 400)
        #expect(code(gone) == 1011)
        #expect(code(push(to: ["r1", "1003-x"])) == 1003)
        #expect(desk.context.journal.counts.refused == ["1011": 1, "1003": 1])
    }

    @Test("one target with a fault or a status is enough for the whole push to have it")
    func demanded() {
        desk.setRules([
            VendorRule(prefix: "slow", .status(503), retryAfter: 4), VendorRule(prefix: "lost", .fault(.silence)),
        ])
        let answer = push(to: ["r1", "slow-1"])
        #expect(answer.status == 503)
        #expect(answer.headers.first(name: "retry-after") == "4")
        #expect(push(to: ["lost-1"]).fault == .silence)
        #expect(desk.context.journal.counts.faults == 2)
        #expect(desk.context.journal.counts.accepted == 0)
    }

    @Test("a push with a cid that was there gives the first answer")
    func idempotency() throws {
        let ids = try #require(get("/v3/push/cid?count=2&type=push").json?["cidlist"]?.strings)
        #expect(ids.count == 2)
        #expect(ids.allSatisfy { $0.hasPrefix("key-") })
        let first = push(to: ["r1"], #","cid":"\#(ids[0])""#).text
        #expect(push(to: ["r1"], #","cid":"\#(ids[0])""#).text == first)
        #expect(push(to: ["r1"], #","cid":"\#(ids[1])""#).text != first)
        #expect(desk.context.journal.counts.accepted == 2)
        #expect(code(push(to: ["r1"], #","cid":"other-1""#)) == 1003)
        #expect(code(get("/v3/push/cid?count=1001")) == 1003)
    }

    @Test("a dry run checks and sends nothing")
    func validation() {
        let good = #""platform":"all","audience":"all","notification":{"alert":"x"}"#
        #expect(push(good, path: "/v3/push/validate").status == 200)
        #expect(code(push(#""platform":"all""#, path: "/v3/push/validate")) == 1002)
        #expect(desk.context.journal.counts.accepted == 0)
    }

    @Test("pushes beyond the rate are refused until the minute is over")
    func rate() {
        for _ in 0..<20 { #expect(push(to: ["r1"]).status == 200) }
        desk.clock.advance(by: .seconds(20))
        let refused = push(to: ["r1"])
        #expect(refused.status == 429)
        #expect(code(refused) == 2002)
        #expect(refused.headers.first(name: "X-Rate-Limit-Remaining") == "0")
        #expect(refused.headers.first(name: "X-Rate-Limit-Reset") == "40")
        desk.clock.advance(by: .seconds(40))
        #expect(push(to: ["r1"]).status == 200)
    }

    @Test("reports count who was reached, and know nothing of other messages", arguments: ["/v3", "/v3/report"])
    func reports(_ base: String) throws {
        let id = try #require(push(to: ["r1", "r2"]).json?["msg_id"]?.string)
        let report = get("\(base)/received/detail?msg_ids=\(id),5").json?.elements
        #expect(report?.map { $0["msg_id"]?.string } == [id, "5"])
        #expect(report?.map { $0["jpush_received"]?.int } == [2, nil])
        #expect(code(get("\(base)/received/detail?msg_ids=x")) == 1003)
        let states = push(#""msg_id":\#(id),"registration_ids":["r1","r3"]"#, path: "/v3/status/message")
        #expect(states.text == #"{"r1":{"status":0},"r3":{"status":3}}"#)
    }
}
