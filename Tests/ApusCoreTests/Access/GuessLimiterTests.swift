import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("GuessLimiter")
struct GuessLimiterTests {
    private let clock = ManualClock()

    private func passes(_ body: () throws(ApusError) -> Void) -> Bool { (try? body()) != nil }

    private func take(_ limiter: GuessLimiter, _ subject: String, from address: String) -> Bool {
        passes { () throws(ApusError) in
            try limiter.take(subject, from: IPAddress(address), now: clock.uptime)
        }
    }

    private func check(_ limiter: GuessLimiter, _ subject: String, from address: String) -> Bool {
        passes { () throws(ApusError) in
            try limiter.check(subject, from: IPAddress(address), now: clock.uptime)
        }
    }

    @Test("limits guesses for one subject from everywhere and for all from one address, and lets time pass")
    func everywhere() {
        let limiter = GuessLimiter(perMinute: 2, scope: .everywhere)
        #expect(take(limiter, "ann", from: "192.0.2.1") && take(limiter, "ann", from: "192.0.2.2"))
        #expect(!take(limiter, "ann", from: "192.0.2.3") && take(limiter, "bob", from: "192.0.2.1"))
        clock.advance(by: .seconds(31))
        #expect(take(limiter, "ann", from: "192.0.2.1") && !take(limiter, "ann", from: "192.0.2.1"))
        let passed = (0..<30).count { take(limiter, "user \($0)", from: "198.51.100.1") }
        #expect(passed == 20)
        #expect(take(limiter, "user x", from: "198.51.100.2"))
    }

    @Test("who guesses at one address keeps nobody at another one out, nor who wants something else")
    func perAddress() {
        let limiter = GuessLimiter(perMinute: 3, scope: .address)
        for _ in 0..<3 {
            #expect(check(limiter, "shop", from: "192.0.2.1"))
            _ = take(limiter, "shop", from: "192.0.2.1")
        }
        #expect(!check(limiter, "shop", from: "192.0.2.1"))
        #expect(check(limiter, "shop", from: "192.0.2.2") && check(limiter, "news", from: "192.0.2.1"))
        clock.advance(by: .seconds(20))
        #expect(check(limiter, "shop", from: "192.0.2.1"), "one guess more after a third of the minute")
    }

    @Test("all addresses of an IPv6 network are one")
    func network() {
        let limiter = GuessLimiter(perMinute: 1, scope: .address)
        _ = take(limiter, "shop", from: "2001:db8:0:1::1")
        #expect(!check(limiter, "shop", from: "2001:db8:0:1:ffff::2"))
        #expect(check(limiter, "shop", from: "2001:db8:0:2::1"))
    }

    @Test("the error says when to try again")
    func retry() throws {
        let limiter = GuessLimiter(perMinute: 1, scope: .address)
        try limiter.take("shop", from: nil, now: clock.uptime)
        let error = #expect(throws: ApusError.self) {
            try limiter.check("shop", from: nil, now: clock.uptime)
        }
        #expect(error?.code == "too_many_guesses" && error?.kind == .throttled(retryAfter: 60))
    }

    @Test("what was right after all does not count")
    func forgiven() throws {
        let limiter = GuessLimiter(perMinute: 1, scope: .everywhere)
        for _ in 0..<100 {
            try limiter.take("ann", from: nil, now: clock.uptime)
            limiter.forgive("ann", from: nil)
        }
    }

    @Test("right keys never look at who asks, as long as nobody guesses wrong, nor a while after")
    func idle() throws {
        let limiter = GuessLimiter(perMinute: 2, scope: .address)
        var asked = 0
        func address() -> IPAddress? {
            asked += 1
            return nil
        }
        try limiter.check("shop", from: address(), now: clock.uptime)
        #expect(asked == 0)
        try limiter.take("shop", from: nil, now: clock.uptime)
        try limiter.check("shop", from: address(), now: clock.uptime)
        #expect(asked == 1)
        clock.advance(by: .minutes(1))
        try limiter.check("shop", from: address(), now: clock.uptime)
        try limiter.check("shop", from: address(), now: clock.uptime)
        #expect(asked == 2, "the first look after a minute forgot the guess")
    }

    @Test("a flood of guesses from everywhere is remembered in part, and locks nobody else out")
    func flood() throws {
        let limiter = GuessLimiter(perMinute: 1, scope: .address)
        for number in 0..<60_000 {
            let address = IPAddress("10.\(number / 65536).\(number / 256 % 256).\(number % 256)")
            try limiter.take("shop", from: address, now: clock.uptime)
            clock.advance(by: .microseconds(10))
        }
        #expect(!check(limiter, "shop", from: "10.0.234.95"), "the last one is still remembered")
        #expect(check(limiter, "shop", from: "192.0.2.1"))
    }

    @Test("whoever guesses at subjects that there are not shuts nobody else out, and is not remembered for each")
    func inventedSubjects() {
        let limiter = GuessLimiter(perMinute: 2, scope: .everywhere)
        for number in 0..<30_000 { _ = take(limiter, "user \(number)", from: "192.0.2.1") }
        #expect(take(limiter, "ann", from: "192.0.2.2"))
        #expect(check(limiter, "user 29999", from: "192.0.2.2"), "it was not counted: the address had had enough")
    }

    @Test("0 is no limit")
    func unlimited() throws {
        let limiter = GuessLimiter(perMinute: 0, scope: .address)
        for _ in 0..<100 { try limiter.take("a", from: nil, now: clock.uptime) }
        try limiter.check("a", from: nil, now: clock.uptime)
    }
}
