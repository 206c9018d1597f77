import ApusTestKit
import NIOCore
import Testing

@testable import ApusXMPP

@Suite("When to connect again")
struct ReconnectScheduleTests {
    private var generator = SeededGenerator(seed: 1)

    @Test("waits twice as long after each failure, up to five minutes, and never as long as others")
    mutating func doubling() {
        var schedule = ReconnectSchedule()
        for longest in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] as [Int64] {
            let delay = schedule.delay(after: .lost("x"), held: nil, using: &generator)
            #expect(delay >= .milliseconds(longest * 500) && delay <= .seconds(longest))
        }
        var other = ReconnectSchedule()
        let delays = (0..<20).map { _ in other.delay(after: .refused("x"), held: nil, using: &generator) }
        #expect(Set(delays.map(\.nanoseconds)).count == 20)
    }

    @Test("waits long when connecting alone does not help")
    mutating func attention() {
        var schedule = ReconnectSchedule()
        let delay = schedule.delay(after: .refused("x"), held: nil, using: &generator)
        #expect(delay >= .seconds(450) && delay <= .minutes(15))
    }

    @Test("begins anew after a stream that held, but not after one that ended at once")
    mutating func success() {
        var schedule = ReconnectSchedule()
        for _ in 0..<8 { _ = schedule.delay(after: .lost("x"), held: nil, using: &generator) }
        #expect(schedule.delay(after: .lost("x"), held: .seconds(29), using: &generator) >= .seconds(128))
        #expect(schedule.delay(after: .lost("x"), held: .seconds(30), using: &generator) <= .seconds(1))
    }
}
