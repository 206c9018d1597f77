import ApusCore
import ApusSimulators
import ApusTestKit
import NIOCore
import Testing

@testable import ApusProviders

@Suite("JPushVendor", .timeLimit(.minutes(1)))
struct JPushVendorTests {
    private typealias Fixture = VendorFixture<JPushVendor>

    private static let secret = #"{"masterSecret":"SECRET"}"#

    private func withJPush(rate: Int = 600, _ more: String = "", _ body: (Fixture) async throws -> Void) async throws {
        try await Fixture.with(
            JPushService(appKey: "AK", masterSecret: "SECRET", rate: rate),
            credentials: { [(#"{"appKey":"AK","endpoint":"\#($0)"\#(more)}"#, Self.secret)] }, body)
    }

    @Test("a message for many devices goes in lists of 1000, each of one platform")
    func lists() async throws {
        try await withJPush { fixture in
            let android = fixture.deliveries(to: (0..<1001).map { "a\($0)" }, on: .android)
            let ios = fixture.deliveries(to: ["i1", "i2"], on: .ios)
            let outcomes = try await fixture.send(android + ios)
            #expect(outcomes.allSatisfy { $0?.result == .accepted })
            let accepted = fixture.simulator.journal.accepted
            #expect(accepted.map(\.targets.count).sorted() == [1, 2, 1000])
            #expect(outcomes.compactMap { $0?.task }.count == 3)
            #expect(outcomes[0]?.task?.status.isFinal == false)
        }
    }

    @Test("a message has the app's data, its time to live and a cid that is the same when it is sent again")
    func body() async throws {
        try await withJPush { fixture in
            let content = MessageContent(title: "T", alert: "A", extra: #"{"type":"kpi"}"#)
            let delivery = fixture.deliveries(to: ["a1"], on: .android, content: content)
            let first = try await fixture.send(delivery)
            let again = try await fixture.send(delivery)
            #expect(first[0]?.task?.id == again[0]?.task?.id)
            let accepted = fixture.simulator.journal.accepted
            #expect(accepted.count == 1)
            let body = try #require(accepted.first?.body)
            let id = delivery[0].message.id
            #expect(body.hasPrefix(#"{"cid":"AK-"#))
            #expect(
                body.contains(
                    #""notification":{"android":{"alert":"A","title":"T","extras":{"type":"kpi","apusId":"\#(id)"}}}"#))
            #expect(
                body.contains(#""options":{"time_to_live":3600}"#) || body.contains(#""options":{"time_to_live":3599}"#)
            )
        }
    }

    @Test("on iOS it says which of Apple's services it is for, and a command shows nothing")
    func ios() async throws {
        try await withJPush(rate: 600, #","apnsProduction":false"#) { fixture in
            _ = try await fixture.send(to: "i1", on: .ios, content: MessageContent(kind: .command, alert: "sync"))
            let body = try #require(fixture.simulator.journal.accepted.first?.body)
            #expect(body.contains(#""ios":{"alert":"","content-available":true,"extras":{"apusId":"#))
            #expect(body.contains(#""apns_production":false"#))
        }
    }

    @Test("a request without an answer is sent once more, and JPush knows it")
    func repeated() async throws {
        try await withJPush { fixture async throws in
            fixture.simulator.change { $0.rules = [VendorRule(.fault(.close), times: 1, accepts: true)] }
            #expect(try await fixture.send(to: "a1", on: .android)?.result == .accepted)
            let counts = fixture.simulator.journal.counts
            #expect(counts.accepted == 1)
            #expect(counts.requests == 2)
        }
    }

    @Test("a device that is not found three times in a row counts as dead")
    func notFound() async throws {
        try await withJPush { fixture in
            var results: [VendorOutcome.Result?] = []
            for _ in 0..<3 { results.append(try await fixture.send(to: "1011-x", on: .android)?.result) }
            #expect(results == [.refused, .refused, .tokenDead(since: nil)])
        }
    }

    @Test("an invalid id is found among the others")
    func invalid() async throws {
        try await withJPush { fixture in
            let outcomes = try await fixture.send(
                fixture.deliveries(to: ["a1", "1003-x", "a2", "a3"], on: .android))
            #expect(outcomes.map { $0?.result } == [.accepted, .refused, .accepted, .accepted])
            #expect(outcomes[1]?.code == "jpush.1003")
        }
    }

    @Test("when JPush wants fewer requests, it waits until JPush takes more")
    func busy() async throws {
        try await withJPush(rate: 1) { fixture async throws in
            #expect(try await fixture.send(to: "a1", on: .android)?.result == .accepted)
            #expect(try await fixture.send(to: "a2", on: .android)?.result == .putOff)
            #expect(try await fixture.send(to: "a2", on: .android) == nil)
            fixture.clock.advance(by: .seconds(61))
            #expect(try await fixture.send(to: "a3", on: .android)?.result == .accepted)
        }
    }

    @Test("a wrong secret is told, and nothing is lost")
    func credential() async throws {
        try await Fixture.with(
            JPushService(appKey: "AK", masterSecret: "OTHER"),
            credentials: { [(#"{"appKey":"AK","endpoint":"\#($0)"}"#, Self.secret)] }
        ) { fixture async throws in
            #expect(try await fixture.send(to: "a1", on: .android)?.result == .putOff)
            #expect(
                fixture.provider.problem(of: Fixture.app)
                    == "default: JPush answered 1004: Basic authentication failed.")
        }
    }

    @Test("how many devices have a message is asked more and more rarely, for an hour")
    func report() async throws {
        try await withJPush { fixture in
            let outcomes = try await fixture.send(fixture.deliveries(to: ["a1", "a2"], on: .android))
            var task = try #require(outcomes[0]?.task)
            fixture.clock.advance(by: .seconds(30))
            task.status = try #require(await fixture.provider.status(of: task))
            #expect(task.status.status == "received 2")
            #expect(!task.status.isFinal)
            fixture.clock.advance(by: .seconds(1))
            #expect(await fixture.provider.status(of: task) == nil)
            fixture.clock.advance(by: .hours(1))
            #expect(await fixture.provider.status(of: task)?.isFinal == true)
        }
    }

    @Test("a message that is too large is not sent")
    func tooLarge() async throws {
        try await withJPush { fixture in
            let content = MessageContent(alert: String(repeating: "x", count: 2000))
            let outcome = try await fixture.send(to: "i1", on: .ios, content: content)
            #expect(outcome?.code == "jpush_too_large")
            #expect(try await fixture.send(to: "a1", on: .android, content: content)?.result == .accepted)
        }
    }

    @Test("every code has a meaning")
    func meanings() {
        let meanings: [(Int, JPushResponse.Meaning)] = [
            (1000, .failing), (1030, .failing), (1004, .credential), (1008, .credential), (1020, .credential),
            (2004, .credential), (2002, .busy), (1011, .noDevice), (1003, .value), (1005, .message), (1012, .message),
            (9999, .message),
        ]
        for (code, meaning) in meanings { #expect(JPushResponse.Meaning(code: code) == meaning) }
    }
}
