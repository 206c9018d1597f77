import NIOCore
import Testing

@testable import ApusProviders

@Suite("VendorGate")
struct VendorGateTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test("no more requests are under way than may be")
    func limit() {
        var gate = VendorGate(limit: 2, requestsPerMinute: nil)
        #expect(gate.admit(at: start) == .send)
        #expect(gate.admit(at: start) == .send)
        #expect(gate.admit(at: start) == .full)
        gate.finished(nil, at: start)
        #expect(gate.admit(at: start) == .send)
    }

    @Test("a quota lets a second's worth through at once, and then goes at its pace", arguments: [30, 600, 60_000])
    func quota(perMinute: Int) {
        var gate = VendorGate(limit: 1_000_000, requestsPerMinute: perMinute)
        var now = start
        var sent = 0
        let end = start + .minutes(2)
        while now < end {
            switch gate.admit(at: now) {
            case .send: sent += 1
            case .wait(let until):
                #expect(until > now)
                now = until
            case .full: Issue.record("full")
            }
        }
        #expect((2 * perMinute...2 * perMinute + max(1, perMinute / 60)).contains(sent))
    }

    @Test("three failures in a row open the breaker; then one request finds out, and waits get longer")
    func failures() {
        var gate = VendorGate(limit: 8, requestsPerMinute: nil)
        var now = start
        for _ in 0..<3 {
            #expect(gate.problem == nil)
            #expect(gate.admit(at: now) == .send)
            gate.finished(.failing("broken"), at: now)
        }
        #expect(gate.problem == "broken")
        for seconds in [5, 10, 20, 40, 80, 160, 320, 600, 600] {
            #expect(gate.admit(at: now) == .wait(until: now + .seconds(Int64(seconds))))
            now = now + .seconds(Int64(seconds))
            #expect(gate.admit(at: now) == .send)
            #expect(gate.admit(at: now) == .full)
            gate.finished(.failing("broken"), at: now)
        }
        now = now + .seconds(600)
        #expect(gate.admit(at: now) == .send)
        gate.finished(nil, at: now)
        #expect(gate.problem == nil)
        for _ in 0..<8 { #expect(gate.admit(at: now) == .send) }
    }

    @Test("one failure among others opens nothing")
    func rareFailures() {
        var gate = VendorGate(limit: 8, requestsPerMinute: nil)
        for _ in 0..<10 {
            _ = gate.admit(at: start)
            gate.finished(.failing("broken"), at: start)
            _ = gate.admit(at: start)
            gate.finished(nil, at: start)
        }
        #expect(gate.admit(at: start) == .send)
    }

    @Test("a vendor that wants to be left alone is, for as long as it wants within reason")
    func busy() {
        var gate = VendorGate(limit: 8, requestsPerMinute: nil)
        for (asked, waits) in [(nil, 30), (7, 7), (0, 1), (100_000, 3600)] as [(Int64?, Int64)] {
            gate = VendorGate(limit: 8, requestsPerMinute: nil)
            _ = gate.admit(at: start)
            gate.finished(.busy(seconds: asked, "slow down"), at: start)
            #expect(gate.admit(at: start) == .wait(until: start + .seconds(waits)))
        }
        #expect(gate.problem == "slow down")
    }

    @Test("what was not sent after all says nothing of the vendor")
    func abandoned() {
        var gate = VendorGate(limit: 1, requestsPerMinute: nil)
        _ = gate.admit(at: start)
        gate.finished(.busy(seconds: 5, "slow down"), at: start)
        let later = start + .seconds(5)
        #expect(gate.admit(at: later) == .send)
        gate.abandoned()
        #expect(gate.problem == "slow down")
        #expect(gate.admit(at: later) == .send)
    }

    @Test("a credential that is not taken closes it at once, and what was sent before does not open it")
    func credential() {
        var gate = VendorGate(limit: 8, requestsPerMinute: nil)
        _ = gate.admit(at: start)
        _ = gate.admit(at: start)
        gate.finished(.credential("bad sign"), at: start)
        gate.finished(nil, at: start)
        #expect(gate.opensAgain(at: start) == start + .seconds(60))
        #expect(gate.problem == "bad sign")
    }
}
