import NIOCore
import Testing

@testable import ApusProviders

@Suite("HostGate")
struct HostGateTests {
    let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    func gate(total: Int = 4, perHost: Int = 2) -> HostGate {
        var limits = HostGate.Limits()
        limits.total = total
        limits.perHost = perHost
        return HostGate(limits)
    }

    @Test("there is room for so many requests in all")
    func total() {
        var gate = gate()
        for host in ["a", "a", "b", "b"] { #expect(gate.admit(host, at: start) == .send) }
        #expect(gate.admit("c", at: start) == .full)
        gate.finished("a", at: start, trouble: nil)
        #expect(gate.admit("c", at: start) == .send)
        #expect(gate.underWay == 4)
    }

    @Test("a host that answers soon has room soon; one that does not holds up no other")
    func slowHost() {
        var gate = gate()
        for _ in 0..<2 { #expect(gate.admit("slow", at: start) == .send) }
        #expect(gate.admit("slow", at: start + .milliseconds(499)) == .wait(.milliseconds(500)))
        #expect(gate.admit("slow", at: start + .milliseconds(500)) == .wait(.seconds(5)))
        #expect(gate.admit("other", at: start + .milliseconds(500)) == .send)
        gate.finished("slow", at: start + .milliseconds(600), trouble: nil)
        #expect(gate.admit("slow", at: start + .milliseconds(600)) == .send)
        #expect(gate.admit("slow", at: start + .milliseconds(700)) == .full)
    }

    @Test("a host that has not answered yet gets little; with each answer it may have more")
    func share() {
        var limits = HostGate.Limits()
        (limits.firstShare, limits.perHost) = (2, 4)
        var gate = HostGate(limits)
        func fill() -> Int {
            var count = 0
            while gate.admit("a", at: start) == .send { count += 1 }
            return count
        }
        #expect(fill() == 2)
        gate.finished("a", at: start, trouble: nil)
        #expect(fill() == 2)
        for _ in 0..<2 { gate.finished("a", at: start, trouble: nil) }
        #expect(fill() == 3)
        gate.finished("a", at: start, trouble: .seconds(1))
        gate.finished("a", at: start, trouble: .seconds(1))
        #expect(gate.admit("a", at: start) == .wait(.milliseconds(500)))
    }

    @Test("a host in trouble three times in a row is left alone, until it said")
    func trouble() {
        var gate = gate(perHost: 4)
        for _ in 0..<4 { #expect(gate.admit("a", at: start) == .send) }
        gate.finished("a", at: start, trouble: .seconds(60))
        gate.finished("a", at: start, trouble: .seconds(60))
        #expect(gate.admit("a", at: start) == .send)
        gate.finished("a", at: start, trouble: .seconds(60))
        #expect(gate.admit("a", at: start + .seconds(10)) == .wait(.seconds(50)))
        #expect(gate.admit("b", at: start) == .send)
        #expect(gate.admit("a", at: start + .seconds(60)) == .send)
    }

    @Test("one answer without trouble ends it")
    func recovers() {
        var gate = gate()
        for trouble: TimeAmount? in [.seconds(60), .seconds(60), nil, .seconds(60)] {
            #expect(gate.admit("a", at: start) == .send)
            gate.finished("a", at: start, trouble: trouble)
        }
        #expect(gate.admit("a", at: start) == .send)
    }

    @Test("no host is left alone for longer than the limit")
    func longestPause() {
        var gate = gate()
        for _ in 0..<3 {
            #expect(gate.admit("a", at: start) == .send)
            gate.finished("a", at: start, trouble: .hours(1000))
        }
        #expect(gate.admit("a", at: start) == .wait(.minutes(10)))
    }
}
