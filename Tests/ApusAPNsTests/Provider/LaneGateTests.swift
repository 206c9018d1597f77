import NIOCore
import Testing

@testable import ApusAPNs

@Suite("The gate of a lane")
struct LaneGateTests {
    private func at(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000_000) + .milliseconds(milliseconds)
    }

    private let problem = LaneProblem.credentials("Forbidden")

    @Test("closes for twice as long with each problem, up to half an hour, until something was delivered")
    func suspensions() {
        var gate = LaneGate()
        var now = at(0)
        var minutes: [Int64] = []
        for _ in 0..<7 {
            guard let until = gate.suspend(problem, at: now) else { break }
            #expect(gate.problem == problem)
            #expect(gate.suspend(problem, at: now) == nil)
            minutes.append((until - now).nanoseconds / 60_000_000_000)
            #expect(gate.reopen(at: until - .nanoseconds(1)) == false)
            #expect(gate.reopen(at: until) == true)
            now = until
        }
        #expect(minutes == [1, 2, 4, 8, 16, 30, 30])
        gate.succeeded()
        #expect(gate.suspend(problem, at: now) == now + .minutes(1))
    }

    @Test("stays closed after a stop until somebody opens it")
    func stop() {
        var gate = LaneGate()
        #expect(gate.stop(.tokenDeaths(20)) == true)
        #expect(gate.stop(.tokenDeaths(21)) == false)
        #expect(gate.reopen(at: .distantFuture) == false)
        #expect(gate.suspend(problem, at: at(0)) == nil)
        #expect(gate.problem == .tokenDeaths(20))
        gate.resume()
        #expect(gate.problem == nil)
    }
}
