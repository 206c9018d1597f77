import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("A timing wheel")
struct TimingWheelTests {
    private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(UInt64(milliseconds) * 1_000_000) }

    @Test("gives an entry out once, at its deadline rounded up to a tick, never before")
    func deadline() {
        var wheel = TimingWheel<Int>(tick: .milliseconds(100), buckets: 16, start: at(1000))
        wheel.add(1, at: at(1250))
        wheel.add(2, at: at(900))
        #expect(wheel.advance(to: at(1000)) == [])
        #expect(wheel.advance(to: at(1100)) == [2])
        #expect(wheel.advance(to: at(1299)) == [])
        #expect(wheel.advance(to: at(1300)) == [1])
        #expect(wheel.advance(to: at(9000)) == [])
    }

    @Test("gives out what lies beyond its horizon early, and everything after a long pause")
    func horizon() {
        var wheel = TimingWheel<Int>(tick: .milliseconds(100), buckets: 8, start: at(0))
        wheel.add(1, at: at(100_000))
        wheel.add(2, at: at(300))
        #expect(wheel.advance(to: at(60_000)).sorted() == [1, 2])
    }

    @Test("agrees with a sorted list in a random run")
    func random() {
        var random = SeededGenerator(seed: 3)
        var wheel = TimingWheel<Int64>(tick: .milliseconds(10), buckets: 256, start: at(0))
        var waiting: [Int64] = []
        var now: Int64 = 0
        for _ in 0..<3000 {
            let deadline = now + Int64.random(in: 0...2000, using: &random)
            wheel.add(deadline, at: at(deadline))
            waiting.append(deadline)
            now += Int64.random(in: 0...30, using: &random)
            let due = wheel.advance(to: at(now))
            for entry in due {
                #expect(entry <= now)
                waiting.remove(at: waiting.firstIndex(of: entry)!)
            }
            #expect(waiting.allSatisfy { $0 > now - 20 })
        }
        #expect(wheel.advance(to: at(now + 5000)).count == waiting.count)
    }
}
