import Testing

@testable import ApusAPNs

@Suite("When provider tokens are issued")
struct ProviderTokenScheduleTests {
    private static let slot = ProviderTokenSchedule.slot
    /// The start of a slot.
    private static let start: Int64 = 666_667 * slot

    @Test("all nodes say the same, at whatever time they start")
    func deterministic() {
        for delay: Int64 in [0, 1, 60, Self.slot - 1] {
            var schedule = ProviderTokenSchedule()
            #expect(schedule.issueTime(at: Self.start + delay) == Self.start)
            #expect(schedule.issueTime(at: Self.start + Self.slot - 1) == Self.start)
            #expect(schedule.issueTime(at: Self.start + Self.slot) == Self.start + Self.slot)
        }
    }

    @Test("there is one every 45 minutes, and none is ever an hour old")
    func pace() {
        var schedule = ProviderTokenSchedule()
        var issued: [Int64] = []
        for minute: Int64 in 0..<1000 {
            let now = Self.start + 1234 + minute * 60
            let time = schedule.issueTime(at: now)
            #expect(now - time < 3600)
            if issued.last != time { issued.append(time) }
        }
        #expect(zip(issued, issued.dropFirst()).allSatisfy { $1 - $0 == Self.slot })
    }

    @Test("an expired one is replaced if it is old enough, once for all requests that were sent with it")
    func expired() {
        var schedule = ProviderTokenSchedule()
        let now = Self.start + 1500
        let old = schedule.issueTime(at: now)
        #expect(schedule.expired(old, at: now) == .renewed)
        #expect(schedule.issueTime(at: now) == now)
        #expect(schedule.expired(old, at: now + 1) == .renewed)
        #expect(schedule.issueTime(at: now + 1) == now)
        // The slots begin at that time now.
        #expect(schedule.issueTime(at: now + Self.slot - 1) == now)
        #expect(schedule.issueTime(at: now + Self.slot) == now + Self.slot)
    }

    @Test("a young one that APNs takes for expired is not replaced before 20 minutes")
    func expiredYoung() {
        var schedule = ProviderTokenSchedule()
        let old = schedule.issueTime(at: Self.start + 60)
        #expect(schedule.expired(old, at: Self.start + 60) == .wait(until: Self.start + 1200))
        #expect(schedule.issueTime(at: Self.start + 61) == old)
        #expect(schedule.expired(old, at: Self.start + 1200) == .renewed)
    }

    @Test("after too many updates the one before is used again, and there is no new one for 20 minutes")
    func tooMany() {
        var schedule = ProviderTokenSchedule()
        let first = schedule.issueTime(at: Self.start)
        let second = schedule.issueTime(at: Self.start + Self.slot)
        #expect(second != first)
        let now = Self.start + Self.slot + 10
        schedule.tooManyUpdates(at: now)
        #expect(schedule.issueTime(at: now) == first)
        #expect(schedule.expired(first, at: now) == .wait(until: now + 1200))
        #expect(schedule.issueTime(at: now + 1199) == first)
        #expect(schedule.issueTime(at: now + 1200) == second)
    }

    @Test("after too many updates one that is about to expire is not used again")
    func tooManyLate() {
        var schedule = ProviderTokenSchedule()
        _ = schedule.issueTime(at: Self.start)
        let second = schedule.issueTime(at: Self.start + Self.slot)
        schedule.tooManyUpdates(at: Self.start + Self.slot + 700)
        #expect(schedule.issueTime(at: Self.start + Self.slot + 700) == second)
        // The next slot comes when it is time.
        #expect(schedule.issueTime(at: Self.start + 2 * Self.slot) == Self.start + 2 * Self.slot)
    }

    @Test("a clock that is set back a little changes nothing, one that was far ahead does")
    func clockChanges() {
        var schedule = ProviderTokenSchedule()
        let time = schedule.issueTime(at: Self.start)
        #expect(schedule.issueTime(at: Self.start - 300) == time)
        #expect(schedule.issueTime(at: Self.start - 100 * Self.slot) == Self.start - 100 * Self.slot)
    }
}
