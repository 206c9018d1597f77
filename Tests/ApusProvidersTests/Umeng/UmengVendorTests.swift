import ApusCore
import ApusSimulators
import ApusTestKit
import NIOCore
import Testing

@testable import ApusProviders

@Suite("UmengVendor", .timeLimit(.minutes(1)))
struct UmengVendorTests {
    private typealias Fixture = UmengFixture

    // MARK: Batches

    @Test("a message for many devices goes in lists of 500, and each device has its outcome and each list its job")
    func listcast() async throws {
        try await Fixture.withUmeng { fixture in
            let tokens = (1...1200).map { Fixture.token($0) }
            let outcomes = try await fixture.send(fixture.deliveries(to: tokens, on: .android))
            #expect(outcomes.allSatisfy { $0?.result == .accepted })
            let accepted = fixture.simulator.journal.accepted
            #expect(accepted.map(\.targets.count).sorted() == [200, 500, 500])
            #expect(Set(accepted.flatMap(\.targets)) == Set(tokens))
            let tasks = outcomes.compactMap { $0?.task }
            #expect(Set(tasks.map(\.id)) == Set(accepted.map(\.id)))
            #expect(tasks.allSatisfy { $0.status.isFinal && $0.status.result == "SUCCESS" && $0.platform == .android })
        }
    }

    @Test("one device gets a unicast, signed for its own platform's app")
    func unicast() async throws {
        try await Fixture.withUmeng { fixture in
            let token = String(repeating: "ab", count: 32)
            #expect(try await fixture.send(to: token, on: .ios)?.result == .accepted)
            let body = try #require(fixture.simulator.journal.accepted.first?.body)
            #expect(body.contains(#""appkey":"AK-ios""#))
            #expect(body.contains(#""type":"unicast","device_tokens":"\#(token)","payload":{"aps":{"alert":"Hello"}"#))
        }
    }

    // MARK: Dead tokens

    @Test("a dead token is found among the others when Umeng took nothing")
    func allDead() async throws {
        try await Fixture.withUmeng { fixture in
            let dead = ["40144014", "40204020"].map { $0 + String(repeating: "x", count: 36) }
            let outcomes = try await fixture.send(fixture.deliveries(to: dead, on: .android))
            #expect(outcomes.map { $0?.result } == [.tokenDead(since: nil), .tokenDead(since: nil)])
            #expect(outcomes.map { $0?.code } == ["umeng.4014", "umeng.4020"])
            #expect(fixture.simulator.journal.counts.requests == 3)
        }
    }

    @Test("a list that failed for some is not sent again; the next message finds out which")
    func someDead() async throws {
        try await Fixture.withUmeng { fixture in
            let dead = "40204020" + String(repeating: "x", count: 36)
            let tokens = [Fixture.token(1), dead, Fixture.token(2)]
            let first = try await fixture.send(fixture.deliveries(to: tokens, on: .android))
            #expect(first.map { $0?.result } == [.unknown, .unknown, .unknown])
            #expect(fixture.simulator.journal.accepted.map(\.targets) == [[Fixture.token(1), Fixture.token(2)]])
            let second = try await fixture.send(fixture.deliveries(to: tokens, on: .android))
            #expect(second.map { $0?.result } == [.accepted, .tokenDead(since: nil), .accepted])
            // Who was cleared goes with the others again.
            let third = try await fixture.send(
                fixture.deliveries(to: [Fixture.token(1), Fixture.token(2)], on: .android))
            #expect(third.allSatisfy { $0?.result == .accepted })
            #expect(fixture.simulator.journal.accepted.last?.targets.count == 2)
        }
    }

    // MARK: Trouble

    @Test("when Umeng wants fewer requests, nothing is lost and nothing is sent until later")
    func busy() async throws {
        try await Fixture.withUmeng(platforms: ["android"]) { fixture in
            fixture.simulator.change { $0.rules = [VendorRule(.code("2050"), times: 1)] }
            let outcome = try await fixture.send(to: Fixture.token(1), on: .android)
            #expect(outcome?.result == .putOff)
            #expect(
                fixture.provider.problem(of: Fixture.app)
                    == "android: Umeng answered 2050: the frequency limit is exceeded.")
            #expect(try await fixture.send(to: Fixture.token(1), on: .android) == nil)
            fixture.clock.advance(by: .seconds(30))
            #expect(try await fixture.send(to: Fixture.token(1), on: .android)?.result == .accepted)
            #expect(fixture.provider.problem(of: Fixture.app) == nil)
        }
    }

    @Test("what goes to one platform does not wait for the other's credential")
    func otherPlatform() async throws {
        try await Fixture.withUmeng { fixture in
            fixture.simulator.change { $0.rules = [VendorRule(.code("2027"), times: 1)] }
            let outcome = try await fixture.send(to: Fixture.token(1), on: .android)
            guard case .later(let time) = outcome?.result else {
                Issue.record("\(String(describing: outcome))")
                return
            }
            #expect(time > fixture.clock.now)
            #expect(try await fixture.send(to: String(repeating: "ab", count: 32), on: .ios)?.result == .accepted)
            #expect(try await fixture.send(to: Fixture.token(1), on: .android)?.code == "umeng.held_up")
        }
    }

    @Test("a platform without a credential holds up nothing")
    func noCredential() async throws {
        try await Fixture.withUmeng(platforms: ["ios"]) { fixture in
            let outcome = try await fixture.send(to: Fixture.token(1), on: .android)
            #expect(outcome?.code == "umeng.held_up")
            #expect(outcome?.detail == "The app has no umeng credential for ANDROID devices.")
        }
    }

    @Test("an error of Umeng's own is tried again later, and three in a row stop the rest")
    func failing() async throws {
        try await Fixture.withUmeng(platforms: ["android"]) { fixture in
            fixture.simulator.change { $0.rules = [VendorRule(.code("4000"), times: 3)] }
            for attempts in 0..<3 {
                let before = fixture.clock.now
                let outcome = try await fixture.send(to: Fixture.token(1), on: .android, attempts: attempts)
                guard case .later(let time) = outcome?.result else {
                    Issue.record("\(String(describing: outcome))")
                    return
                }
                #expect(time >= before.adding(seconds: 5 << Int64(attempts)))
            }
            #expect(try await fixture.send(to: Fixture.token(1), on: .android) == nil)
            fixture.clock.advance(by: .seconds(5))
            #expect(try await fixture.send(to: Fixture.token(1), on: .android)?.result == .accepted)
        }
    }

    @Test("a request without an answer is not sent again")
    func unanswered() async throws {
        try await Fixture.withUmeng { fixture in
            fixture.simulator.change { $0.rules = [VendorRule(.fault(.close), times: 1, accepts: true)] }
            let outcomes = try await fixture.send(
                fixture.deliveries(to: [Fixture.token(1), Fixture.token(2)], on: .android))
            #expect(outcomes.map { $0?.result } == [.unknown, .unknown])
            #expect(fixture.simulator.journal.counts.accepted == 1)
        }
    }

    @Test("what Umeng says of a message that it does not take is kept")
    func refused() async throws {
        try await Fixture.withUmeng { fixture in
            fixture.simulator.change { $0.rules = [VendorRule(.code("2022"))] }
            let outcomes = try await fixture.send(
                fixture.deliveries(to: [Fixture.token(1), Fixture.token(2)], on: .android))
            #expect(outcomes.allSatisfy { $0?.result == .refused && $0?.code == "umeng.2022" })
            let tasks = outcomes.compactMap { $0?.task }
            #expect(tasks.count == 1)
            #expect(tasks.first?.status.result == "FAIL")
            #expect(tasks.first?.status.response.contains("2022") == true)
        }
    }

    @Test("a credential of another app drops no more than a few tokens")
    func otherApp() async throws {
        try await Fixture.withUmeng(platforms: ["android"]) { fixture in
            let tokens = (0..<100).map { "40144014" + String(repeating: "x", count: 33) + String($0 + 100) }
            let outcomes = try await fixture.send(fixture.deliveries(to: tokens, on: .android))
            #expect(outcomes.count { $0?.result == .tokenDead(since: nil) } == TokenDeathGuard.Settings().deaths - 1)
            #expect(fixture.provider.problem(of: Fixture.app)?.contains("another app's") == true)
        }
    }

    @Test("a message that is too large says by how much, and is not sent")
    func tooLarge() async throws {
        try await Fixture.withUmeng { fixture in
            let content = MessageContent(
                title: "t", alert: "a", extra: #"{"x":"\#(String(repeating: "x", count: 2000))"}"#)
            let outcome = try #require(try await fixture.send(to: Fixture.token(1), on: .android, content: content))
            #expect(outcome.result == .refused)
            #expect(outcome.code == "umeng_too_large")
            #expect(
                outcome.detail.contains("bytes too large for Umeng, which takes payloads of 1840 bytes for android"))
            #expect(fixture.simulator.journal.counts.requests == 0)
        }
    }

    @Test("the quota is kept")
    func quota() async throws {
        try await Fixture.withUmeng(platforms: ["android"], #","requestsPerMinute":60"#) { fixture in
            let outcomes = Outcomes(1500)
            let deliveries = fixture.deliveries(to: (1...1500).map { Fixture.token($0) }, on: .android)
            for (index, delivery) in deliveries.enumerated() {
                #expect(fixture.provider.submit(delivery) { outcomes.set($0, at: index) })
            }
            try await eventually("the first list") { fixture.simulator.journal.counts.accepted == 1 }
            fixture.clock.advance(by: .seconds(1))
            try await eventually("the second list") { fixture.simulator.journal.counts.accepted == 2 }
            fixture.clock.advance(by: .seconds(1))
            try await eventually("all") { outcomes.areComplete }
        }
    }

    // MARK: Shutting down

    @Test("when it has shut down, everything that it took has an outcome, and it takes no more")
    func shutdown() async throws {
        try await Fixture.withUmeng { fixture in
            let outcomes = Outcomes(700)
            for (index, delivery) in fixture.deliveries(to: (1...700).map { Fixture.token($0) }, on: .android)
                .enumerated()
            {
                #expect(fixture.provider.submit(delivery) { outcomes.set($0, at: index) })
            }
            await fixture.provider.shutdown()
            #expect(outcomes.areComplete)
            #expect(outcomes.all.suffix(200).allSatisfy { $0?.result == .putOff || $0?.code == "umeng.held_up" })
            #expect(!fixture.provider.submit(fixture.deliveries(to: [Fixture.token(1)], on: .android)[0]) { _ in })
        }
    }

    // MARK: Credentials

    @Test("a credential has the name of its platform, and what is wrong with one is said")
    func credentials() async throws {
        try await Fixture.withUmeng { fixture in
            let good = Fixture.settings("ios", "https://msgapi.umeng.com")
            let credential = try fixture.provider.checked(fixture.credential(good, Fixture.secret))
            #expect(credential.name == "ios")
            #expect(fixture.wrongField(good, "{}") == "masterSecret")
            #expect(fixture.wrongField(Fixture.settings("windows", "https://x"), Fixture.secret) == "platform")
            #expect(fixture.wrongField(Fixture.settings("ios", "ftp://x"), Fixture.secret) == "endpoint")
            #expect(fixture.wrongField(#"{"platform":"ios"}"#, Fixture.secret) == "appKey")
            #expect(
                fixture.wrongField(Fixture.settings("ios", "https://x", #","requestsPerMinute":0"#), Fixture.secret)
                    == "requestsPerMinute")
            #expect(
                fixture.wrongField(
                    Fixture.settings("ios", "https://x", #","productionMode":"no"# + #"""#), Fixture.secret)
                    == "productionMode")
            #expect(
                fixture.wrongField(Fixture.settings("ios", "https://x", #","colour":1"#), Fixture.secret) == "colour")
        }
    }

    @Test("a credential that stays keeps its breaker, a new one begins anew, and one that is gone serves no more")
    func replacing() async throws {
        try await Fixture.withUmeng(platforms: ["android"]) { fixture in
            let settings = Fixture.settings("android", fixture.simulator.origin)
            let credential = fixture.credential(settings, Fixture.secret)
            fixture.simulator.change { $0.rules = [VendorRule(.code("2054"), times: 1)] }
            let outcome = try await fixture.send(to: Fixture.token(1), on: .android)
            #expect(outcome?.result == .putOff)
            await fixture.provider.use([fixture.credential(settings, Fixture.secret)])
            #expect(fixture.provider.problem(of: Fixture.app) == nil)
            #expect(try await fixture.send(to: Fixture.token(1), on: .android)?.result == .accepted)
            fixture.simulator.change { $0.rules = [VendorRule(.code("2004"), times: 1)] }
            await fixture.provider.use([credential])
            #expect(try await fixture.send(to: Fixture.token(1), on: .android)?.result == .putOff)
            await fixture.provider.use([credential])
            #expect(fixture.provider.problem(of: Fixture.app) != nil)
            await fixture.provider.use([])
            #expect(!fixture.provider.serves(Fixture.app))
            #expect(try await fixture.send(to: Fixture.token(1), on: .android) == nil)
        }
    }

    @Test("devices register with tokens that can stand in a list", arguments: ["", "a,b", "a b", "ä"])
    func tokens(token: String) throws {
        #expect(throws: ApusError.self) { _ = try UmengVendor.checked(token: token) }
        #expect(try UmengVendor.checked(token: Fixture.token(1)) == Fixture.token(1))
    }
}
