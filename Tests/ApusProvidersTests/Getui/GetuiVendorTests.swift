import ApusCore
import ApusSimulators
import ApusTestKit
import NIOCore
import Testing

@testable import ApusProviders

@Suite("GetuiVendor", .timeLimit(.minutes(1)))
struct GetuiVendorTests {
    private typealias Fixture = VendorFixture<GetuiVendor>

    private func withGetui(
        tokenLifetime: Int64 = 86_400, secret: String = "MASTER", _ body: (Fixture) async throws -> Void
    ) async throws {
        try await Fixture.with(
            GetuiService(appID: "APPID", appKey: "APPKEY", masterSecret: "MASTER", tokenLifetime: tokenLifetime),
            credentials: { origin in
                [
                    (
                        #"{"appId":"APPID","appKey":"APPKEY","endpoint":"\#(origin)"}"#,
                        #"{"masterSecret":"\#(secret)"}"#
                    )
                ]
            }, body)
    }

    @Test("authentication is signed over key, time and secret")
    func sign() async throws {
        try await withGetui { fixture in
            let credential = try GetuiCredential(
                fixture.credential(#"{"appId":"A","appKey":"APPKEY"}"#, #"{"masterSecret":"MASTER"}"#))
            #expect(
                credential.sign(timestamp: "1700000000000")
                    == "faab0051c20d315fc0bf362a798b1f487fdff3a86e667464ee2f564c4e0678c9")
        }
    }

    @Test("one client gets its message in one request, with a token that is asked for once")
    func single() async throws {
        try await withGetui { fixture in
            #expect(try await fixture.send(to: "c1", on: .android)?.code == "getui.successed_online")
            let outcome = try await fixture.send(to: "offline-c2", on: .android)
            #expect(outcome?.code == "getui.successed_offline")
            #expect(outcome?.result == .accepted)
            #expect(outcome?.task?.status.isFinal == true)
            #expect(fixture.simulator.journal.counts.requests == 3)
            #expect(
                fixture.simulator.journal.accepted.map(\.path)
                    == Array(repeating: "/v2/APPID/push/single/cid", count: 2))
        }
    }

    @Test("many clients are a list, and each has the outcome that Getui names")
    func list() async throws {
        try await withGetui { fixture in
            let tokens = ["c1", "offline-c2", "ignore-c3"] + (0..<1000).map { "d\($0)" }
            let outcomes = try await fixture.send(fixture.deliveries(to: tokens, on: .android))
            #expect(outcomes[0]?.code == "getui.successed_online")
            #expect(outcomes[1]?.code == "getui.successed_offline")
            #expect(outcomes[2]?.code == "getui.successed_ignore")
            #expect(outcomes[2]?.result == .refused)
            #expect(outcomes.dropFirst(3).allSatisfy { $0?.result == .accepted })
            #expect(fixture.simulator.journal.accepted.map(\.targets.count).sorted() == [3, 1000])
        }
    }

    @Test("a client that Getui does not name is sent to alone, and is dead if it is none of the app's")
    func unnamed() async throws {
        try await withGetui { fixture in
            let deliveries = fixture.deliveries(to: ["c1", "invalid-c2"], on: .android)
            let outcomes = try await fixture.send(deliveries)
            #expect(outcomes[0]?.result == .accepted)
            #expect(outcomes[1]?.code == "getui.not_named")
            let again = try await fixture.send([deliveries[1]])
            #expect(again[0]?.result == .tokenDead(since: nil))
        }
    }

    @Test("clients of which none is the app's are dead")
    func allDead() async throws {
        try await withGetui { fixture in
            let outcomes = try await fixture.send(fixture.deliveries(to: ["invalid-1", "invalid-2"], on: .ios))
            #expect(outcomes.allSatisfy { $0?.result == .tokenDead(since: nil) })
        }
    }

    @Test("a token that has ended is replaced, and the message goes once")
    func expiredToken() async throws {
        try await withGetui(tokenLifetime: 1000) { fixture async throws in
            #expect(try await fixture.send(to: "c1", on: .android)?.result == .accepted)
            fixture.simulator.change { $0.rules = [VendorRule(path: "/v2/APPID/push", .code("10001"), times: 1)] }
            #expect(try await fixture.send(to: "c2", on: .android)?.result == .accepted)
            #expect(fixture.simulator.journal.counts.accepted == 2)
        }
    }

    @Test("a wrong secret is told, and nothing is lost")
    func credential() async throws {
        try await withGetui(secret: "OTHER") { fixture async throws in
            #expect(try await fixture.send(to: "c1", on: .android)?.result == .putOff)
            #expect(
                fixture.provider.problem(of: Fixture.app) == "default: Getui gave no token: 20001 sign is wrong.")
        }
    }

    @Test("a push to one client without an answer is sent once more, and Getui knows it; a list is not")
    func unanswered() async throws {
        try await withGetui { fixture in
            let fault = VendorRule(path: "/v2/APPID/push/single", .fault(.close), times: 1, accepts: true)
            fixture.simulator.change { $0.rules = [fault] }
            #expect(try await fixture.send(to: "c1", on: .android)?.result == .accepted)
            #expect(fixture.simulator.journal.counts.accepted == 1)
            let list = VendorRule(path: "/v2/APPID/push/list/cid", .fault(.close), times: 1, accepts: true)
            fixture.simulator.change { $0.rules = [list] }
            let outcomes = try await fixture.send(fixture.deliveries(to: ["c2", "c3"], on: .android))
            #expect(outcomes.allSatisfy { $0?.result == .unknown })
            #expect(fixture.simulator.journal.counts.accepted == 2)
        }
    }

    @Test("a list that could not be put down is tried again later, as nobody has anything yet")
    func unansweredList() async throws {
        try await withGetui { fixture in
            let fault = VendorRule(path: "/v2/APPID/push/list/message", .fault(.close), times: 2)
            fixture.simulator.change { $0.rules = [fault] }
            let outcomes = try await fixture.send(fixture.deliveries(to: ["c1", "c2"], on: .android))
            for outcome in outcomes {
                guard case .later = outcome?.result else {
                    Issue.record("\(String(describing: outcome))")
                    return
                }
            }
            #expect(fixture.simulator.journal.counts.accepted == 0)
        }
    }

    @Test("a list is asked for until all have the message")
    func report() async throws {
        try await withGetui { fixture in
            let outcomes = try await fixture.send(fixture.deliveries(to: ["c1", "c2", "offline-c3"], on: .android))
            var task = try #require(outcomes[0]?.task)
            #expect(!task.status.isFinal)
            fixture.clock.advance(by: .seconds(30))
            task.status = try #require(await fixture.provider.status(of: task))
            #expect(task.status.status == "received 2 of 3")
            #expect(!task.status.isFinal)
        }
    }

    @Test("a notification has what Getui asks for, and iOS what Apple's service shows")
    func payload() async throws {
        try await withGetui { fixture in
            let content = MessageContent(title: "T", alert: "A", extra: #"{"type":"kpi"}"#, sound: "default", badge: 2)
            _ = try await fixture.send(to: "c1", on: .android, content: content)
            _ = try await fixture.send(to: "c2", on: .ios, content: content)
            let bodies = fixture.simulator.journal.accepted.map(\.body)
            #expect(
                bodies[0].contains(
                    #""notification":{"title":"T","body":"A","click_type":"payload","payload":"{\"type\":\"kpi\""#))
            #expect(bodies[0].contains(#""settings":{"ttl":"#))
            #expect(bodies[1].contains(#""aps":{"alert":{"title":"T","body":"A"},"sound":"default"},"auto_badge":"2""#))
        }
    }

    @Test("every code has a meaning")
    func meanings() {
        let meanings: [(Int, String, GetuiResponse.Meaning)] = [
            (10001, "", .token), (10002, "", .credential), (10004, "", .credential), (30012, "", .credential),
            (301, "", .credential), (10003, "", .busy), (10005, "", .busy), (1, "", .failing), (2, "", .failing),
            (20001, "target user is invalid", .client), (20001, "ttl is over limit", .message), (9, "", .message),
        ]
        for (code, text, meaning) in meanings { #expect(GetuiResponse.Meaning(code: code, message: text) == meaning) }
    }
}
