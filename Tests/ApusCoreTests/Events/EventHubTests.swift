import ApusCore
import ApusTestKit
import Foundation
import NIOCore
import Testing

@Suite("The hub of events")
struct EventHubTests {
    /// The members of events that a test looks at.
    private struct Event: Decodable, Equatable {
        let id: String
        let at: String
        let message: String
        let app: String
        let device: String?
        let alias: String?
        let state: String
        let reason: String?
        let route: String?
        let deliveries: Int?
    }

    private func events(_ follower: RecordingFollower) throws -> [Event] {
        try JSONDecoder().decode([Event].self, from: Data("[\(follower.text)]".utf8))
    }

    private func follower(_ fixture: DispatcherFixture, after: EventID? = .zero) -> RecordingFollower {
        RecordingFollower(fixture.hub, on: fixture.dispatcher.shards[0].eventLoop, after: after)
    }

    @Test("tells what happens to a message, each event with its id, time and device")
    func wholeStory() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            let connected = try await fixture.connect(ann)
            let message = try await fixture.send("ann", confirm: true).message
            try await eventually { try fixture.state(message, ann) != nil }
            try await fixture.settle()
            try await connected.confirm(message)
            try await eventually { try fixture.state(message, ann)?.state == .received }
            let follower = follower(fixture)
            follower.ask()
            try await eventually { follower.count == 4 }
            let told = try events(follower)
            #expect(told.map(\.state) == ["accepted", "unsent", "sent", "received"])
            #expect(told.map(\.id) == ["1", "2", "3", "4"])
            #expect(told.allSatisfy { $0.message == message.description && $0.app == fixture.app.id })
            #expect(told.allSatisfy { $0.at == message.time.rfc3339 })
            #expect(told.dropFirst().allSatisfy { $0.device == ann.id && $0.alias == "ann" && $0.deliveries == nil })
            #expect(told[0].device == nil && told[0].deliveries == 1)
            #expect(told.map(\.route) == [nil, nil, "websocket", "websocket"])
        }
    }

    @Test("answers who waits as soon as something is committed, and nobody before that")
    func live() async throws {
        try await DispatcherFixture.with { fixture in
            _ = try fixture.device("ann")
            _ = try await fixture.send("ann")
            let follower = follower(fixture, after: nil)
            follower.ask(waits: false)
            try await eventually { follower.batches.count == 1 }
            #expect(follower.batches[0].last == EventID(2) && follower.count == 0, "from now on")
            follower.ask()
            _ = try await fixture.send("ann")
            try await eventually { follower.batches.count == 2 }
            #expect(try events(follower).map(\.id) == ["3", "4"])
            _ = try await fixture.send("ann")
            try await fixture.settle()
            #expect(follower.batches.count == 2, "who did not ask is given nothing")
            follower.ask()
            try await eventually { follower.count == 4 }
        }
    }

    @Test("tells each what it wants to know and nothing else")
    func filters() async throws {
        try await DispatcherFixture.with { fixture in
            let (ann, ben) = (try fixture.device("ann"), try fixture.device("ben"))
            let first = try await fixture.send("ann").message
            let second = try await fixture.send("ben").message
            _ = try await fixture.dispatcher.update { try $0.cancel(second, at: fixture.clock.now) }
            let cases: [(EventFilter, [String])] = [
                (EventFilter(), ["1", "2", "3", "4", "5"]),
                (EventFilter(app: fixture.app.number), ["1", "2", "3", "4", "5"]),
                (EventFilter(app: AppNumber(99)), []),
                (EventFilter(device: ann.number), ["2"]),
                (EventFilter(device: ben.number), ["4", "5"]),
                (EventFilter(message: first), ["1", "2"]),
                (EventFilter(kinds: EventKinds([.cancelled, .accepted])), ["1", "3", "5"]),
                (EventFilter(device: ben.number, message: first), []),
            ]
            for (filter, ids) in cases {
                let follower = follower(fixture)
                follower.ask(filter, waits: false)
                try await eventually { follower.batches.count == 1 }
                #expect(try events(follower).map(\.id) == ids)
                #expect(follower.batches[0].last == EventID(5), "also what was passed over is behind it")
            }
        }
    }

    @Test("gives no more at once than was asked for, and misses nothing between")
    func limits() async throws {
        try await DispatcherFixture.with { fixture in
            _ = try fixture.device("ann")
            for _ in 0..<5 { _ = try await fixture.send("ann") }
            let follower = follower(fixture)
            for count in [3, 6, 9, 10] {
                follower.ask(limit: 3)
                try await eventually { follower.count == count }
            }
            #expect(try events(follower).map(\.id) == (1...10).map(String.init))
        }
    }

    @Test("says what somebody missed")
    func gap() async throws {
        try await DispatcherFixture.with { fixture in
            _ = try fixture.device("ann")
            for _ in 0..<3 { _ = try await fixture.send("ann") }
            _ = try await fixture.dispatcher.update { transaction in
                let now = fixture.clock.now
                while try transaction.purgeJournal(before: now, keeping: 2, at: now, limit: 10) {}
            }
            let late = follower(fixture, after: EventID(1))
            late.ask()
            try await eventually { late.batches.count == 1 }
            #expect(late.batches[0].gap == EventGap(from: EventID(2), to: EventID(4), reason: .retention))
            #expect(try events(late).map(\.id) == ["5", "6"])

            let stranger = follower(fixture, after: EventID(100))
            stranger.ask()
            try await eventually { stranger.batches.count == 1 }
            #expect(stranger.batches[0].gap == EventGap(from: EventID(101), to: EventID(6), reason: .unknown))
            #expect(stranger.batches[0].last == EventID(6))
        }
    }

    @Test("answers who waited long that there was nothing")
    func patience() async throws {
        try await DispatcherFixture.with { fixture in
            _ = try fixture.device("ann")
            let waiting = follower(fixture, after: nil)
            waiting.ask()
            try await fixture.settle()
            #expect(waiting.batches.isEmpty)
            fixture.clock.advance(by: .seconds(16))
            let other = follower(fixture, after: nil)
            other.ask(waits: false)
            try await eventually { waiting.batches.count == 1 && other.batches.count == 1 }
            #expect(waiting.count == 0)
        }
    }

    @Test("forgets who has left")
    func leaving() async throws {
        try await DispatcherFixture.with { fixture in
            _ = try fixture.device("ann")
            let (gone, here) = (follower(fixture), follower(fixture))
            gone.ask()
            gone.leave()
            _ = try await fixture.send("ann")
            here.ask()
            try await eventually { here.count == 2 }
            #expect(gone.batches.isEmpty)
        }
    }

    @Test("serves many at different places of the journal, each without a gap")
    func many() async throws {
        try await DispatcherFixture.with { fixture in
            _ = try fixture.device("ann")
            for _ in 0..<30 { _ = try await fixture.send("ann") }
            let followers = (0..<40).map { follower(fixture, after: EventID(Int64($0))) }
            for follower in followers { follower.ask() }
            for (index, follower) in followers.enumerated() {
                try await eventually { follower.count == 60 - index }
                #expect(try events(follower).map(\.id) == (index + 1...60).map(String.init))
            }
        }
    }
}
