import ApusAPNs
import ApusCore
import ApusTestKit
import Crypto
import Foundation
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOSSL
import Synchronization
import Testing

/// What suspends and stops a lane, what it holds, and how it ends.
extension APNsClientTests {
    @Test("with a token that has expired closes the connection, and sends again with a new one")
    func expiredToken() async throws {
        try await LaneFixture.run { lane in
            lane.server.play { request, connection in
                if request.index == 0 {
                    connection.refuse(request.stream, status: 403, "ExpiredProviderToken")
                } else {
                    connection.answer(request.stream)
                }
            }
            let result = try await lane.send(LaneFixture.notification())
            #expect(result.outcome == .delivered)
            #expect(result.attempts == 2)
            #expect(lane.server.connections.count == 2)
            try await eventually("the end of the old connection") { lane.server.connections[0].isClosed }
            #expect(
                try lane.server.requests.map(Self.claims) == [
                    #"{"iss":"TEAM123456","iat":1799998200}"#, #"{"iss":"TEAM123456","iat":1800000000}"#,
                ])
        }
    }

    @Test("takes a connection for unusable that refuses a new token after an old one")
    func wedgedConnection() async throws {
        try await LaneFixture.run { lane in
            lane.server.play { request, connection in
                if request.index == 1 {
                    connection.refuse(request.stream, status: 403, "ExpiredProviderToken")
                } else {
                    connection.answer(request.stream)
                }
            }
            let first = try await lane.send(LaneFixture.notification())
            #expect(first.outcome == .delivered)
            lane.clock.advance(by: .minutes(45))
            let second = try await lane.send(LaneFixture.notification())
            #expect(second.outcome == .delivered)
            #expect(lane.server.connections.count == 2)
            #expect(lane.events.isEmpty)
            let tokens = lane.server.requests.map { $0.header("authorization") }
            #expect(tokens[0] != tokens[1])
            #expect(tokens[1] == tokens[2])
        }
    }

    @Test("suspends the lane when a token that is new has expired for APNs")
    func wrongClock() async throws {
        try await LaneFixture.run { lane in
            lane.server.play { $1.refuse($0.stream, status: 403, "ExpiredProviderToken") }
            guard case .refused(.credentials(let reason)) = try await lane.send(LaneFixture.notification()).outcome
            else {
                Issue.record("it was not refused")
                return
            }
            #expect(reason.contains("check this machine's clock"))
            #expect(lane.server.requests.count == 2)
            try await eventually("the suspension") { try lane.submit(LaneFixture.notification()) == nil }
            guard case .suspended(_, let until)? = lane.events.first else {
                Issue.record("\(lane.events)")
                return
            }
            #expect(until == lane.clock.now.adding(seconds: 20 * 60))
        }
    }

    @Test("suspends the lane when APNs does not accept its credentials, and opens it again after a while")
    func badCredentials() async throws {
        try await LaneFixture.run { lane in
            lane.server.play { $1.refuse($0.stream, status: 403, "InvalidProviderToken") }
            let problem = LaneProblem.credentials("InvalidProviderToken")
            #expect(try await lane.send(LaneFixture.notification()).outcome == .refused(problem))
            try await eventually("the suspension") { try lane.submit(LaneFixture.notification()) == nil }
            #expect(lane.events == [.suspended(problem, until: lane.clock.now.adding(seconds: 60))])
            lane.server.play { $1.answer($0.stream) }
            lane.clock.advance(by: .seconds(60))
            try await eventually("the end of the suspension") { lane.events.last == .resumed }
            #expect(try await lane.send(LaneFixture.notification()).outcome == .delivered)
        }
    }

    @Test("suspends the lane when a GOAWAY says that the credentials are wrong")
    func goAwayWithReason() async throws {
        try await LaneFixture.run { lane in
            lane.server.play { request, connection in connection.goAway(last: 0, reason: "BadCertificateEnvironment") }
            let problem = LaneProblem.credentials("BadCertificateEnvironment")
            let result = try await lane.send(LaneFixture.notification())
            #expect(result.outcome == .refused(problem))
            #expect(lane.events.count == 1)
        }
    }

    @Test("stops the lane when tokens die in a row, and keeps those that seem to after that")
    func tokenDeaths() async throws {
        try await LaneFixture.run(configure: { $0.deathGuard.deaths = 5 }) { lane in
            lane.server.play { $1.refuse($0.stream, status: 400, "BadDeviceToken") }
            for _ in 0..<4 {
                #expect(try await lane.send(LaneFixture.notification()).outcome == .tokenDead(since: nil))
            }
            #expect(try await lane.send(LaneFixture.notification()).outcome == .refused(.tokenDeaths(5)))
            try await eventually("the stop") { try lane.submit(LaneFixture.notification()) == nil }
            #expect(lane.events == [.stopped(.tokenDeaths(5))])
            lane.server.play { $1.answer($0.stream) }
            lane.client.resume(LaneFixture.lane)
            try await eventually("the lane to resume") { lane.events.last == .resumed }
            #expect(try await lane.send(LaneFixture.notification()).outcome == .delivered)
        }
    }

    @Test("refuses what is more than may wait")
    func bounded() async throws {
        try await LaneFixture.run(configure: { $0.limits.waiting = 5 }, script: { _, _ in }) { lane in
            // Nothing is connected yet, so all of them wait.
            let taken = try (0..<20).compactMap { _ in lane.submit(try LaneFixture.notification()) }
            #expect(taken.count >= 5 && taken.count < 20)
            #expect(lane.client.submit(try LaneFixture.notification(), to: "no lane") { _ in } == false)
        }
    }

    @Test("without a server, tries again with growing pauses, and gives back what waited too long")
    func noServer() async throws {
        try await LaneFixture.run { lane in
            await lane.server.stop()
            let task = try #require(lane.submit(LaneFixture.notification()))
            try await eventually("a failure") { lane.events.count == 1 }
            guard case .connectionFailed("nothing listens there", let first)? = lane.events.first else {
                Issue.record("\(lane.events)")
                return
            }
            #expect((500...1000).contains(first.milliseconds - lane.clock.now.milliseconds))
            lane.clock.advance(by: .seconds(1))
            try await eventually("a second failure") { lane.events.count == 2 }
            lane.clock.advance(by: .seconds(60))
            let result = try await task.value
            #expect(result.outcome == .notSent)
            #expect(result.attempts == 0)
        }
    }

    @Test("says when it can connect again")
    func connectsAgain() async throws {
        var settings = ScriptedServer.Settings()
        settings.closesFirst = 2
        try await LaneFixture.run(settings) { lane in
            let task = try #require(lane.submit(LaneFixture.notification()))
            for failure in 1...2 {
                try await eventually("failure \(failure)") { lane.events.count == failure }
                lane.clock.advance(by: .seconds(3))
            }
            #expect(try await task.value.outcome == .delivered)
            #expect(lane.events.count == 3)
            #expect(lane.events.last == .resumed)
            #expect(try await lane.send(LaneFixture.notification()).outcome == .delivered)
            #expect(lane.events.count == 3)
        }
    }

    @Test("says what is wrong with a server that it cannot use")
    func unusableServer() async throws {
        var settings = ScriptedServer.Settings()
        settings.protocols = ["http/1.1"]
        for (settings, name, words) in [
            (settings, "localhost", "does not speak HTTP/2"), (.init(), "example.org", "TLS failed"),
        ] {
            try await LaneFixture.run(settings, serverName: name) { lane in
                let task = try #require(lane.submit(LaneFixture.notification()))
                try await eventually("a failure") { !lane.events.isEmpty }
                guard case .connectionFailed(let reason, _)? = lane.events.first else {
                    Issue.record("\(lane.events)")
                    return
                }
                #expect(reason.contains(words))
                lane.clock.advance(by: .seconds(60))
                #expect(try await task.value.outcome == .notSent)
            }
        }
    }

    @Test("shows its certificate to the server, and says nothing of a token")
    func certificate() async throws {
        let tool = try OpenSSL()
        try tool.makeCertificate("client", subject: "/CN=push/UID=com.example.app", days: 36_500)
        let file = try tool.bytes("client.pem") + tool.bytes("client.key")
        var settings = ScriptedServer.Settings()
        settings.clientCertificates = try NIOSSLCertificate.fromPEMBytes(file)
        try await LaneFixture.run(settings, credentials: .certificate(pemOrP12: file)) { lane in
            let result = try await lane.send(LaneFixture.notification())
            #expect(result.outcome == .delivered)
            #expect(lane.server.requests[0].header("authorization") == nil)
        }
    }

    @Test("does not even connect with a certificate that has expired")
    func expiredCertificate() async throws {
        let tool = try OpenSSL()
        try tool.makeCertificate("client", subject: "/CN=push")
        let credentials = try APNsCredentials.certificate(
            pemOrP12: tool.bytes("client.pem") + tool.bytes("client.key"))
        try await LaneFixture.run(credentials: credentials) { lane in
            lane.clock.advance(by: .hours(24 * 36_500))
            guard case .refused(.certificateExpired) = try await lane.send(LaneFixture.notification()).outcome else {
                Issue.record("it was sent")
                return
            }
            #expect(lane.server.connections.isEmpty)
        }
    }

    @Test("shuts down when what is under way has been answered, and takes nothing more")
    func shutdown() async throws {
        try await LaneFixture.run { lane in
            lane.server.play { request, connection in
                if request.index > 0 { connection.answer(request.stream) }
            }
            let task = try #require(lane.submit(LaneFixture.notification()))
            try await eventually("the request") { lane.server.requests.count == 1 }
            async let stopped: Void = lane.client.shutdown()
            try await eventually("the refusal") { try lane.submit(LaneFixture.notification()) == nil }
            lane.server.connections[0].answer(1)
            await stopped
            #expect(try await task.value.outcome == .delivered)
        }
    }
}
