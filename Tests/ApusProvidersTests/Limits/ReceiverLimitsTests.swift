import ApusCore
import ApusTestKit
import NIOCore
import Testing

@testable import ApusProviders

@Suite("ReceiverLimits")
struct ReceiverLimitsTests {
    let clock = ManualClock()

    func limits(perHour: Int, perDay: Int, capacity: Int = 1000) throws -> ReceiverLimits {
        ReceiverLimits(try ReceiverLimits.Quota(perHour: perHour, perDay: perDay), capacity: capacity)
    }

    @Test("as many as the hour allows are let through, and the next when the first is an hour old")
    func perHour() throws {
        var limits = try limits(perHour: 2, perDay: 10)
        #expect(limits.take("ann", at: clock.now) == nil)
        clock.advance(by: .minutes(20))
        #expect(limits.take("ann", at: clock.now) == nil)
        #expect(limits.take("ann", at: clock.now) == 2400)
        clock.advance(by: .minutes(39))
        #expect(limits.take("ann", at: clock.now) == 60)
        clock.advance(by: .minutes(1))
        #expect(limits.take("ann", at: clock.now) == nil)
        #expect(limits.take("ann", at: clock.now) == 1200)
    }

    @Test("the day's limit holds when the hour's does not")
    func perDay() throws {
        var limits = try limits(perHour: 2, perDay: 3)
        for _ in 0..<3 {
            #expect(limits.take("ann", at: clock.now) == nil)
            clock.advance(by: .hours(2))
        }
        #expect(limits.take("ann", at: clock.now) == 64_800)
        clock.advance(by: .hours(18))
        #expect(limits.take("ann", at: clock.now) == nil)
    }

    @Test("receivers do not share a limit")
    func separate() throws {
        var limits = try limits(perHour: 1, perDay: 1)
        #expect(limits.take("ann", at: clock.now) == nil)
        #expect(limits.take("bob", at: clock.now) == nil)
        #expect(limits.take("ann", at: clock.now) == 86_400)
    }

    @Test("what was not sent after all is not counted")
    func givenBack() throws {
        var limits = try limits(perHour: 1, perDay: 1)
        #expect(limits.take("ann", at: clock.now) == nil)
        limits.giveBack("ann", takenAt: clock.now)
        #expect(limits.count == 0)
        #expect(limits.take("ann", at: clock.now) == nil)
        limits.giveBack("ann", takenAt: clock.now.adding(seconds: 1))
        #expect(limits.take("ann", at: clock.now) != nil)
    }

    @Test("receivers that are free again are forgotten first, then those that have been quiet the longest")
    func bounded() throws {
        var limits = try limits(perHour: 1, perDay: 1, capacity: 4)
        #expect(limits.take("old", at: clock.now) == nil)
        clock.advance(by: .hours(20))
        for name in ["a", "b", "c"] {
            #expect(limits.take(name, at: clock.now) == nil)
            clock.advance(by: .hours(2))
        }
        #expect(limits.take("d", at: clock.now) == nil)
        #expect(limits.count == 4)
        #expect(limits.take("e", at: clock.now) == nil)
        #expect(limits.count <= 4)
        #expect(limits.take("d", at: clock.now) != nil)
        for number in 0..<100 { _ = limits.take("\(number)", at: clock.now) }
        #expect(limits.count <= 4)
    }

    @Test("a clock that was set back does not lock a receiver out for longer than a limit lasts")
    func clockSetBack() throws {
        var limits = try limits(perHour: 1, perDay: 1)
        #expect(limits.take("ann", at: clock.now.adding(seconds: 1_000_000)) == nil)
        #expect(limits.take("ann", at: clock.now) == 86_400)
    }

    @Test("limits that contradict each other are refused", arguments: [(0, 1), (1, 0), (5, 4), (1, 1001), (-1, 1)])
    func invalid(perHour: Int, perDay: Int) {
        #expect(throws: ApusError.self) { try ReceiverLimits.Quota(perHour: perHour, perDay: perDay) }
    }
}
