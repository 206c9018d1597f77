import ApusTestKit
import NIOCore
import Testing

@testable import ApusAPNs

@Suite("When a lane opens connections")
struct DialPolicyTests {
    private func at(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000_000) + .milliseconds(milliseconds)
    }

    private var random = SeededGenerator(seed: 1)

    @Test("the first at once, and no two at a time")
    func first() {
        var policy = DialPolicy(connections: 3)
        #expect(policy.shouldDial(.init(readySince: at(0)), at: at(0)) == true)
        #expect(policy.shouldDial(.init(isDialing: true, readySince: at(0)), at: at(5000)) == false)
    }

    @Test("none because of a moment's load, another when something has waited for half a second")
    func waiting() {
        var policy = DialPolicy(connections: 3)
        #expect(policy.shouldDial(.init(usable: 1, readySince: at(0)), at: at(499)) == false)
        #expect(policy.shouldDial(.init(usable: 1, readySince: at(0)), at: at(500)) == true)
    }

    @Test("another sooner when flow control blocks all of them")
    func blocked() {
        var policy = DialPolicy(connections: 3)
        #expect(policy.shouldDial(.init(usable: 1, blockedSince: at(0), readySince: at(100)), at: at(199)) == false)
        #expect(policy.shouldDial(.init(usable: 1, blockedSince: at(0), readySince: at(100)), at: at(200)) == true)
    }

    @Test("one each second, and no more than allowed")
    func pace() {
        var policy = DialPolicy(connections: 3)
        #expect(policy.shouldDial(.init(usable: 1, readySince: at(0)), at: at(1000)) == true)
        #expect(policy.shouldDial(.init(usable: 2, readySince: at(0)), at: at(1999)) == false)
        #expect(policy.shouldDial(.init(usable: 2, readySince: at(0)), at: at(2000)) == true)
        #expect(policy.shouldDial(.init(usable: 3, readySince: at(0)), at: at(9000)) == false)
    }

    @Test("after failures later and later")
    mutating func failures() {
        var policy = DialPolicy(connections: 3)
        var pauses: [Int64] = []
        for _ in 0..<10 {
            let next = policy.failed(at: at(0), using: &random)
            pauses.append((next - at(0)).nanoseconds / 1_000_000)
            #expect(policy.shouldDial(.init(readySince: at(0)), at: next - .nanoseconds(1)) == false)
            #expect(policy.shouldDial(.init(readySince: at(0)), at: next) == true)
        }
        for (failure, pause) in pauses.enumerated() {
            let longest = min(Int64(1000) << Int64(min(failure, 6)), 60_000)
            #expect((longest / 2...longest).contains(pause))
        }
        policy.succeeded()
        #expect(policy.shouldDial(.init(readySince: at(0)), at: at(0)) == true)
    }
}
