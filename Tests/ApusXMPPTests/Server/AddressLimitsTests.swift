import ApusTestKit
import NIOCore
import Testing

@testable import ApusXMPP

@Suite("Limits of an address")
struct AddressLimitsTests {
    private let clock = ManualClock()

    @Test("so many connections may come from one address at a time")
    func connections() {
        let limits = AddressLimits(mostConnections: 2, registrationsPerMinute: 1)
        #expect(limits.limitsConnections)
        #expect(limits.opened(from: "192.0.2.1") && limits.opened(from: "192.0.2.1"))
        #expect(!limits.opened(from: "192.0.2.1"))
        #expect(limits.opened(from: "192.0.2.2"))
        limits.closed(from: "192.0.2.1")
        #expect(limits.opened(from: "192.0.2.1"))
        #expect(!limits.opened(from: "192.0.2.1"), "a refused connection does not count")
        limits.closed(from: "192.0.2.3")
        #expect(!AddressLimits(mostConnections: 0, registrationsPerMinute: 1).limitsConnections)
    }

    @Test("so many registrations may come from one address in a minute")
    func registrations() {
        let limits = AddressLimits(mostConnections: 0, registrationsPerMinute: 3)
        let may = { limits.mayRegister(from: $0, at: clock.uptime) }
        #expect((0..<5).map { _ in may("192.0.2.1") } == [true, true, true, false, false])
        #expect(may("192.0.2.2"))
        clock.advance(by: .seconds(19))
        #expect(!may("192.0.2.1"))
        clock.advance(by: .seconds(2))
        #expect(may("192.0.2.1"))
        #expect(!may("192.0.2.1"))
        clock.advance(by: .seconds(600))
        #expect(
            (0..<4).map { _ in may("192.0.2.1") } == [true, true, true, false], "no more than a minute's are saved")
    }

    @Test("whoever has no address is not limited")
    func noAddress() {
        let limits = AddressLimits(mostConnections: 0, registrationsPerMinute: 1)
        for _ in 0..<3 { #expect(limits.mayRegister(from: nil, at: clock.uptime)) }
    }

    @Test("an address stays limited when thousands of others come")
    func manyAddresses() {
        let limits = AddressLimits(mostConnections: 0, registrationsPerMinute: 1)
        #expect(limits.mayRegister(from: "192.0.2.1", at: clock.uptime))
        for number in 0..<9_999 { _ = limits.mayRegister(from: "\(number)", at: clock.uptime) }
        clock.advance(by: .seconds(30))
        _ = limits.mayRegister(from: "another", at: clock.uptime)
        #expect(!limits.mayRegister(from: "192.0.2.1", at: clock.uptime))
    }
}
