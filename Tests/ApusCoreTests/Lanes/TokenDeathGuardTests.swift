import ApusCore
import NIOCore
import Testing

@Suite("The guard against mass deaths of tokens")
struct TokenDeathGuardTests {
    private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000_000) + .seconds(seconds) }

    @Test("trips at the first death that makes enough of them, and only once")
    func trips() {
        var guardian = TokenDeathGuard()
        for _ in 0..<19 { #expect(guardian.record(isDeath: true, at: at(0)) == false) }
        #expect(guardian.record(isDeath: true, at: at(29)) == true)
        #expect(guardian.isTripped)
        #expect(guardian.deaths == 20)
        #expect(guardian.record(isDeath: true, at: at(29)) == false)
        guardian.reset()
        #expect(!guardian.isTripped)
        #expect(guardian.deaths == 0)
    }

    @Test("does not trip if most tokens live")
    func livingTokens() {
        var guardian = TokenDeathGuard()
        for _ in 0..<1000 { _ = guardian.record(isDeath: false, at: at(0)) }
        for _ in 0..<999 { #expect(guardian.record(isDeath: true, at: at(1)) == false) }
        #expect(guardian.record(isDeath: true, at: at(1)) == true)
    }

    @Test("forgets deaths that come slowly")
    func slowDeaths() {
        var guardian = TokenDeathGuard()
        for second in 0..<1000 { #expect(guardian.record(isDeath: true, at: at(Int64(second) * 4)) == false) }
        #expect(guardian.deaths <= 15)
        #expect(guardian.record(isDeath: true, at: at(100_000)) == false)
        #expect(guardian.deaths == 1)
    }

    @Test("can be set to be stricter")
    func settings() {
        var settings = TokenDeathGuard.Settings()
        settings.deaths = 2
        settings.share = 0.1
        var guardian = TokenDeathGuard(settings)
        for _ in 0..<18 { _ = guardian.record(isDeath: false, at: at(0)) }
        #expect(guardian.record(isDeath: true, at: at(0)) == false)
        #expect(guardian.record(isDeath: true, at: at(0)) == true)
    }
}
