import ApusCore
import ApusTestKit
import NIOCore
import NIOHPACK
import NIOHTTP2
import Testing

@testable import ApusSimulators

@Suite("APNsConnection")
struct APNsConnectionTests {
    private static let payload = ByteBuffer(string: #"{"aps":{"alert":"Hi"}}"#)

    /// A connection that always knows its sender.
    private final class Peer {
        var connection: APNsConnection
        let faults = APNsFaultSchedule()
        let clock = ManualClock()
        private let headers: HPACKHeaders

        init(_ change: (inout APNsBehaviour) -> Void) throws {
            var behaviour = APNsBehaviour()
            change(&behaviour)
            let forge = ProviderTokenForge()
            let verifier = ProviderTokenVerifier(teams: [forge.team], environment: .production, updateLimit: 3)
            connection = APNsConnection(
                behaviour, authenticator: APNsAuthenticator(verifier: verifier, environment: .production),
                faults: faults)
            headers = [
                ":method": "POST", ":path": "/3/device/ab", "apns-topic": ProviderTokenForge.bundleID,
                "authorization": try forge.authorization(at: clock.now),
            ]
        }

        func begin(_ stream: HTTP2StreamID) -> [APNsConnection.Action] {
            connection.receive(headers, on: stream, isLast: false, at: clock.now)
        }

        func end(_ stream: HTTP2StreamID) -> [APNsConnection.Action] {
            connection.receive(APNsConnectionTests.payload, on: stream, isLast: true, at: clock.now)
        }

        func send(_ stream: HTTP2StreamID) -> [APNsConnection.Action] { begin(stream) + end(stream) }

        /// Whether each of so many requests was accepted, and whether it was answered.
        func outcomes(_ count: Int) -> [(accepted: Bool, answered: Bool)] {
            (0..<count).map { index in
                for case .settle(let outcome) in send(HTTP2StreamID(2 * index + 1)) {
                    return (outcome.accepted != nil, outcome.answer != nil)
                }
                return (false, false)
            }
        }
    }

    private func outcome(_ actions: [APNsConnection.Action]) throws -> APNsConnection.Outcome {
        let outcomes = actions.compactMap { if case .settle(let outcome) = $0 { outcome } else { nil } }
        try #require(outcomes.count == 1)
        return outcomes[0]
    }

    @Test("a payload may come in any number of pieces")
    func pieces() throws {
        let peer = try Peer { _ in }
        #expect(peer.begin(1) == [])
        for byte in Self.payload.readableBytesView.dropLast() {
            #expect(peer.connection.receive(ByteBuffer(bytes: [byte]), on: 1, isLast: false, at: peer.clock.now) == [])
        }
        let last = ByteBuffer(bytes: Self.payload.readableBytesView.suffix(1))
        let outcome = try outcome(peer.connection.receive(last, on: 1, isLast: true, at: peer.clock.now))
        #expect(outcome.accepted?.payload == Self.payload)
        #expect(outcome.answer == APNsAnswer(id: try #require(outcome.accepted).id))
    }

    @Test("of a payload that is far too large not all is kept, and its whole size counts")
    func largePayload() throws {
        let peer = try Peer { _ in }
        _ = peer.begin(1)
        let piece = ByteBuffer(repeating: 0x20, count: 10_000)
        for _ in 0..<10 { _ = peer.connection.receive(piece, on: 1, isLast: false, at: peer.clock.now) }
        #expect(try outcome(peer.end(1)).answer?.reason == .payloadTooLarge)
    }

    @Test("shares are met exactly")
    func shares() throws {
        let refusing = try Peer { $0.refusedShare = 0.25 }
        let refused = (0..<8).map { refusing.begin(HTTP2StreamID(2 * $0 + 1)) != [] }
        #expect(refused == [false, false, false, true, false, false, false, true])
        let dropping = try Peer { $0.droppedShare = 0.1 }
        #expect(dropping.outcomes(100).count { !$0.accepted && !$0.answered } == 10)
        let silent = try Peer { $0.unansweredShare = 0.5 }
        let outcomes = silent.outcomes(4)
        #expect(outcomes.map(\.answered) == [true, false, true, false])
        #expect(outcomes.allSatisfy { $0.accepted })
    }

    @Test("GOAWAY comes at once if nothing is to be left unprocessed, and the connection ends with its last answer")
    func goAway() throws {
        let peer = try Peer { $0.goAwayEvery = 2 }
        _ = peer.send(1)
        #expect(peer.begin(3) == [.sendGoAway(lastStream: 3, unprocessed: 0)])
        #expect(try outcome(peer.end(3)).accepted != nil)
        #expect(peer.send(5) == [])
        #expect(peer.connection.awaitsAnswer(1))
        #expect(peer.connection.streamClosed(1) == [])
        #expect(peer.connection.streamClosed(3) == [.finish])
        #expect(peer.connection.streamClosed(5) == [])
    }

    @Test("GOAWAY leaves as many requests unprocessed as it should")
    func unprocessed() throws {
        let peer = try Peer {
            $0.goAwayEvery = 1
            $0.goAwayUnprocessed = 2
        }
        #expect(peer.begin(1) == [.awaitMore])
        #expect(peer.send(3) == [])
        #expect(try outcome(peer.end(1)).accepted != nil)
        #expect(peer.send(5) == [.sendGoAway(lastStream: 1, unprocessed: 2)])
        #expect(peer.connection.stopHolding() == [])
        #expect(!peer.connection.awaitsAnswer(3))
        #expect(peer.connection.streamClosed(1) == [.finish])
    }

    @Test("GOAWAY does not wait for requests that do not come")
    func holdingEnds() throws {
        let peer = try Peer {
            $0.goAwayEvery = 1
            $0.goAwayUnprocessed = 5
        }
        _ = peer.send(1)
        _ = peer.connection.streamClosed(1)
        _ = peer.begin(3)
        #expect(peer.connection.stopHolding() == [.sendGoAway(lastStream: 1, unprocessed: 1), .finish])
    }

    @Test("an idle connection can be told to go away")
    func idle() throws {
        let peer = try Peer { _ in }
        _ = peer.send(1)
        _ = peer.connection.streamClosed(1)
        #expect(peer.connection.goAway() == [.sendGoAway(lastStream: 1, unprocessed: 0), .finish])
        #expect(peer.connection.goAway() == [])
    }

    @Test("a request that its client gives up is not answered")
    func cancelled() throws {
        let peer = try Peer { _ in }
        _ = peer.send(1)
        #expect(peer.connection.streamClosed(1) == [])
        #expect(!peer.connection.awaitsAnswer(1))
    }

    @Test("the request that resets the connection is accepted, and its client does not learn it")
    func reset() throws {
        let peer = try Peer { $0.resetEvery = 2 }
        #expect(try !outcome(peer.send(1)).resetsConnection)
        let outcome = try outcome(peer.send(3))
        #expect(outcome.resetsConnection)
        #expect(outcome.accepted != nil)
        #expect(outcome.answer == nil)
    }

    @Test("a rule for tokens refuses, with its timestamp on status 410 only, and takes effect after its time")
    func rules() throws {
        let dead = APNsTokenRule(prefix: "a", reason: .unregistered, after: 1, delay: .seconds(3), timestamp: 17)
        let peer = try Peer {
            $0.tokenRules = [dead, APNsTokenRule(prefix: "", reason: .internalServerError)]
        }
        #expect(try outcome(peer.send(1)).accepted != nil)
        let late = try outcome(peer.send(3))
        #expect(late.accepted == nil)
        #expect(late.delay == .seconds(3))
        #expect(late.answer?.reason == .unregistered)
        #expect(late.answer?.timestamp == 17)
        peer.connection.behaviour.tokenRules = [
            APNsTokenRule(prefix: "ab", reason: .tooManyRequests, timestamp: 17, retryAfter: 9)
        ]
        let busy = try outcome(peer.send(5)).answer
        #expect(busy?.timestamp == nil)
        #expect(busy?.retryAfter == 9)
        peer.connection.behaviour.tokenRules = [APNsTokenRule(prefix: "ab", reason: .expiredToken)]
        #expect(try outcome(peer.send(7)).answer?.timestamp == peer.clock.now.milliseconds)
    }
}
