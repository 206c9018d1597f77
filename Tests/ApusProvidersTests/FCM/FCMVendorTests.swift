import ApusCore
import ApusSimulators
import ApusTestKit
import NIOCore
import Testing

@testable import ApusProviders

@Suite("FCMVendor", .timeLimit(.minutes(1)))
struct FCMVendorTests {
    private typealias Fixture = VendorFixture<FCMVendor>

    private static let account = Result { try ServiceAccount(projectID: "shop-1") }

    private func withFCM(
        tokenLifetime: Int64 = 3599, rate: Int = 600_000, _ body: (Fixture) async throws -> Void
    ) async throws {
        let account = try Self.account.get()
        try await Fixture.with(
            FCMService(account, tokenLifetime: tokenLifetime, rate: rate),
            credentials: { origin in
                [(#"{"endpoint":"\#(origin)"}"#, account.json(tokenURI: "\(origin)\(FCMService.tokenPath)"))]
            }, body)
    }

    @Test("each device gets a request of its own, with an access token that is asked for once")
    func sends() async throws {
        try await withFCM { fixture in
            let outcomes = try await fixture.send(fixture.deliveries(to: (0..<50).map { "t\($0)" }, on: .android))
            #expect(outcomes.allSatisfy { $0?.result == .accepted })
            #expect(outcomes[0]?.detail.contains("projects/shop-1/messages/0:") == true)
            #expect(fixture.simulator.journal.counts.requests == 51)
            #expect(Set(fixture.simulator.journal.accepted.flatMap(\.targets)).count == 50)
        }
    }

    @Test("urgency and collapse key are told for each platform in its own way")
    func urgency() async throws {
        try await withFCM { fixture in
            let content = MessageContent(alert: "A", urgency: .low, collapseKey: "k")
            for platform in [Platform.android, .ios, .web] {
                _ = try await fixture.send(to: "t", on: platform, content: content)
            }
            let bodies = fixture.simulator.journal.accepted.map(\.body)
            #expect(bodies[0].contains(#""android":{"priority":"NORMAL","collapse_key":"k","#))
            #expect(bodies[1].contains(#""apns-priority":"1","apns-collapse-id":"k""#))
            #expect(bodies[2].contains(#""Urgency":"low""#))
        }
    }

    @Test("each platform has what is its own")
    func platforms() async throws {
        try await withFCM { fixture in
            let content = MessageContent(title: "T", alert: "A", extra: #"{"type":"kpi","n":1}"#, sound: "s", badge: 2)
            for platform in [Platform.android, .ios, .web] {
                _ = try await fixture.send(to: "t", on: platform, content: content)
            }
            let bodies = fixture.simulator.journal.accepted.map(\.body)
            #expect(
                bodies.allSatisfy {
                    $0.contains(#""notification":{"title":"T","body":"A"},"data":{"type":"kpi","n":"1","apusId":"#)
                })
            #expect(
                bodies[0].contains(
                    #""android":{"priority":"HIGH","ttl":"3600s","notification":{"sound":"s","notification_count":2}}"#)
            )
            #expect(bodies[1].contains(#""payload":{"aps":{"sound":"s","badge":2}}"#))
            #expect(
                bodies[2].contains(#""webpush":{"headers":{"TTL":"3600"}}"#) || bodies[2].contains(#""TTL":"3599""#))
            _ = try await fixture.send(to: "t", on: .ios, content: MessageContent(kind: .command, alert: "sync"))
            let command = try #require(fixture.simulator.journal.accepted.last?.body)
            #expect(command.contains(#""apusCommand":"sync""#))
            #expect(command.contains(#""apns-push-type":"background","apns-priority":"5""#))
            #expect(!command.contains("notification"))
        }
    }

    @Test(
        "what FCM says of a token or a message has its outcome",
        arguments: [
            ("UNREGISTERED", VendorOutcome.Result.tokenDead(since: nil)),
            ("INVALID_ARGUMENT", .tokenDead(since: nil)),
            ("SENDER_ID_MISMATCH", .tokenDead(since: nil)),
            ("FIELD_VIOLATION", .refused),
            ("QUOTA_EXCEEDED", .putOff),
            ("PERMISSION_DENIED", .putOff),
        ])
    func errors(code: String, result: VendorOutcome.Result) async throws {
        try await withFCM { fixture async throws in
            #expect(try await fixture.send(to: "\(code)-1", on: .android)?.result == result)
        }
    }

    @Test(
        "what will pass is tried again later",
        arguments: ["UNAVAILABLE", "INTERNAL", "UNSPECIFIED_ERROR", "THIRD_PARTY_AUTH_ERROR"])
    func later(code: String) async throws {
        try await withFCM { fixture in
            let outcome = try await fixture.send(to: "\(code)-1", on: .ios)
            guard case .later = outcome?.result else {
                Issue.record("\(String(describing: outcome))")
                return
            }
            #expect(outcome?.code == "fcm.\(code)")
            #expect(try await fixture.send(to: "t", on: .android)?.result == .accepted)
        }
    }

    @Test("the service's Retry-After is kept")
    func retryAfter() async throws {
        try await withFCM(rate: 1) { fixture async throws in
            #expect(try await fixture.send(to: "t1", on: .android)?.result == .accepted)
            #expect(try await fixture.send(to: "t2", on: .android)?.result == .putOff)
            fixture.clock.advance(by: .seconds(1))
            #expect(try await fixture.send(to: "t2", on: .android) == nil)
            fixture.clock.advance(by: .seconds(60))
            #expect(try await fixture.send(to: "t2", on: .android)?.result == .accepted)
        }
    }

    @Test("an access token that is not taken any more is replaced once, and then the credential is at fault")
    func unauthenticated() async throws {
        try await withFCM { fixture async throws in
            #expect(try await fixture.send(to: "t1", on: .android)?.result == .accepted)
            fixture.simulator.change { $0.rules = [VendorRule(prefix: "t", .code("UNAUTHENTICATED"), times: 1)] }
            #expect(try await fixture.send(to: "t2", on: .android)?.result == .accepted)
            fixture.simulator.change { $0.rules = [VendorRule(prefix: "t", .code("UNAUTHENTICATED"))] }
            #expect(try await fixture.send(to: "t3", on: .android)?.result == .putOff)
            #expect(fixture.provider.problem(of: Fixture.app)?.contains("401") == true)
        }
    }

    @Test("an access token is renewed before it ends")
    func renewal() async throws {
        try await withFCM { fixture async throws in
            #expect(try await fixture.send(to: "t1", on: .android)?.result == .accepted)
            fixture.clock.advance(by: .seconds(3599 - 299))
            #expect(try await fixture.send(to: "t2", on: .android)?.result == .accepted)
            #expect(fixture.simulator.journal.counts.requests == 4)
        }
    }

    @Test("a request without an answer is not sent again")
    func unanswered() async throws {
        try await withFCM { fixture async throws in
            let fault = VendorRule(path: "/v1", .fault(.close), times: 1, accepts: true)
            fixture.simulator.change { $0.rules = [fault] }
            #expect(try await fixture.send(to: "t1", on: .android)?.result == .unknown)
            #expect(fixture.simulator.journal.counts.accepted == 1)
        }
    }

    @Test("a message that FCM would refuse is not sent", arguments: ["from", "message_type", "google.x", "gcm.x"])
    func reserved(name: String) async throws {
        try await withFCM { fixture async throws in
            let content = MessageContent(alert: "A", extra: #"{"\#(name)":"1"}"#)
            #expect(try await fixture.send(to: "t", on: .android, content: content)?.code == "fcm_extra_reserved")
            let large = MessageContent(alert: String(repeating: "x", count: 5000))
            #expect(try await fixture.send(to: "t", on: .android, content: large)?.code == "fcm_too_large")
            #expect(fixture.simulator.journal.counts.requests == 0)
        }
    }

    @Test("a service account is read as Google gives it, and what is wrong with it is said")
    func credentials() async throws {
        try await withFCM { fixture in
            let file = try Self.account.get().json(tokenURI: "https://oauth2.googleapis.com/token")
            let credential = try fixture.provider.checked(fixture.credential("{}", file))
            #expect(credential.settings == #"{"projectId":"shop-1"}"#)
            #expect(credential.name == "default")
            #expect(fixture.wrongField("{}", "{}") == "project_id")
            #expect(fixture.wrongField("{}", file.replacing("PRIVATE KEY", with: "PUBLIC KEY")) == "private_key")
            #expect(fixture.wrongField("{}", file.replacing("https://", with: "ftp://")) == "token_uri")
            // What is stored is read again.
            #expect(fixture.wrongField(credential.settings, file) == nil)
        }
    }
}
