import ApusCore
import NIOCore
import Testing

@testable import ApusProviders

@Suite("TokenDeathGuard over outcomes")
struct TokenDeathGuardOutcomesTests {
    private let later = Timestamp(milliseconds: 5000)
    private let now = NIODeadline.uptimeNanoseconds(0)
    private let limit = TokenDeathGuard.Settings().deaths

    private func outcomes(_ count: Int, _ result: VendorOutcome.Result) -> [VendorOutcome] {
        Array(repeating: VendorOutcome(result, code: "x", detail: "It is gone."), count: count)
    }

    @Test("tokens that die among others that live are dead")
    func few() {
        var deaths = TokenDeathGuard()
        for _ in 0..<100 {
            _ = deaths.checked(outcomes(2, .accepted), later: later, at: now)
            let dead = outcomes(1, .tokenDead(since: nil))
            #expect(deaths.checked(dead, later: later, at: now) == dead)
        }
        #expect(deaths.problem == nil)
    }

    @Test("when all look dead, none is believed until one lives")
    func all() {
        var deaths = TokenDeathGuard()
        let checked = deaths.checked(outcomes(50, .tokenDead(since: nil)), later: later, at: now)
        #expect(checked.count { $0.result == .tokenDead(since: nil) } == limit - 1)
        #expect(checked.last?.result == .later(at: later))
        #expect(deaths.problem != nil)
        _ = deaths.checked(outcomes(5, .refused) + outcomes(5, .unknown), later: later, at: now)
        #expect(deaths.problem != nil)
        _ = deaths.checked(outcomes(1, .accepted), later: later, at: now)
        #expect(deaths.problem == nil)
    }
}
