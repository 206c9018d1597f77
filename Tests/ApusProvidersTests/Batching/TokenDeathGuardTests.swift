import ApusCore
import Testing

@testable import ApusProviders

@Suite("TokenDeathGuard")
struct TokenDeathGuardTests {
    private let later = Timestamp(milliseconds: 5000)

    private func outcomes(_ count: Int, _ result: VendorOutcome.Result) -> [VendorOutcome] {
        Array(repeating: VendorOutcome(result, code: "x", detail: "It is gone."), count: count)
    }

    @Test("tokens that die one by one are dead")
    func few() {
        var deaths = TokenDeathGuard()
        for _ in 0..<100 {
            let dead = outcomes(TokenDeathGuard.limit - 1, .tokenDead(since: nil))
            #expect(deaths.checked(dead, later: later) == dead)
            _ = deaths.checked(outcomes(1, .accepted), later: later)
        }
        #expect(deaths.problem == nil)
    }

    @Test("when all look dead, none is believed until one lives")
    func all() {
        var deaths = TokenDeathGuard()
        let checked = deaths.checked(outcomes(50, .tokenDead(since: nil)), later: later)
        #expect(checked.count { $0.result == .tokenDead(since: nil) } == TokenDeathGuard.limit - 1)
        #expect(checked.last?.result == .later(at: later))
        #expect(deaths.problem != nil)
        _ = deaths.checked(outcomes(5, .refused) + outcomes(5, .unknown), later: later)
        #expect(deaths.problem != nil)
        _ = deaths.checked(outcomes(1, .accepted), later: later)
        #expect(deaths.problem == nil)
    }
}
