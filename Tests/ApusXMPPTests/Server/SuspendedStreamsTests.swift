import ApusTestKit
import NIOCore
import Testing

@testable import ApusXMPP

@Suite("Streams that can be resumed")
struct SuspendedStreamsTests {
    private let clock = ManualClock()
    private let streams = SuspendedStreams(time: .seconds(300))

    private func stream(_ id: String?, of name: String = "ann") throws -> SuspendedStream {
        SuspendedStream(
            account: TestAccounts.account(name), address: try JID("\(name)@example.org/phone"),
            usesNotifications: false, management: StreamManagement(id: id), isAvailable: true,
            undisplayed: RecentMessages())
    }

    private func take(_ id: String, of name: String = "ann") -> SuspendedStream? {
        streams.take(id, of: name, at: clock.uptime)
    }

    @Test("a stream is given to its account, once")
    func once() throws {
        streams.add(try stream("one"), at: clock.uptime)
        #expect(take("two") == nil)
        #expect(take("one", of: "bob") == nil)
        #expect(take("one")?.address.description == "ann@example.org/phone")
        #expect(take("one") == nil)
    }

    @Test("a stream without an id is not kept")
    func withoutID() throws {
        streams.add(try stream(nil), at: clock.uptime)
        #expect(take("") == nil)
    }

    @Test("a stream is kept until its time is up")
    func expiry() throws {
        streams.add(try stream("one"), at: clock.uptime)
        clock.advance(by: .seconds(299))
        streams.add(try stream("two", of: "bob"), at: clock.uptime)
        #expect(take("one") != nil)
        streams.add(try stream("three"), at: clock.uptime)
        clock.advance(by: .seconds(300))
        #expect(take("two", of: "bob") == nil && take("three") == nil)
    }

    @Test("only the latest stream of an account is kept")
    func latest() throws {
        streams.add(try stream("one"), at: clock.uptime)
        streams.add(try stream("two"), at: clock.uptime)
        #expect(take("one") == nil)
        #expect(take("two") != nil)
    }

    @Test("a stream that breaks again has all of its time again")
    func again() throws {
        streams.add(try stream("one"), at: clock.uptime)
        clock.advance(by: .seconds(290))
        #expect(take("one") != nil)
        streams.add(try stream("one"), at: clock.uptime)
        clock.advance(by: .seconds(20))
        #expect(take("one") != nil, "its first deadline does not count any more")
    }
}
