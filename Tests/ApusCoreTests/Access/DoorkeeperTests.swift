import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("Doorkeeper")
struct DoorkeeperTests {
    private let address = IPAddress("192.0.2.1")

    private func doorkeeper(_ fixture: DispatcherFixture, guesses: Int = 3) async throws -> Doorkeeper {
        let tokens = TokenBook(dispatcher: fixture.dispatcher, configured: "admin token")
        _ = try await tokens.load()
        let apps = AppRegistry(
            apps: try await fixture.dispatcher.query { try $0.apps() }, messagesPerSecond: 0, clock: fixture.clock)
        return Doorkeeper(tokens: tokens, apps: apps, guessesPerMinute: guesses, clock: fixture.clock)
    }

    private func code(_ body: () throws(ApusError) -> Void) -> String? {
        do throws(ApusError) {
            try body()
            return nil
        } catch {
            return error.code
        }
    }

    @Test("after too many wrong keys the right one has to wait as well, and only it, and only there")
    func throttledBeforeTheComparison() async throws {
        try await DispatcherFixture.with { fixture in
            let doorkeeper = try await doorkeeper(fixture)
            let id = fixture.app.id
            func show(_ key: String, from address: IPAddress?) -> String? {
                code { () throws(ApusError) in _ = try doorkeeper.app(id, key: key, from: address) }
            }
            for _ in 0..<3 { #expect(show("wrong", from: address) == "wrong_app_key") }
            #expect(show("wrong", from: address) == "too_many_guesses")
            #expect(show("key-app", from: address) == "too_many_guesses")
            #expect(show("key-app", from: IPAddress("192.0.2.2")) == nil)
            #expect(code { () throws(ApusError) in _ = try doorkeeper.bearer(of: "admin token", from: address) } == nil)
            fixture.clock.advance(by: .seconds(20))
            #expect(show("key-app", from: address) == nil)
        }
    }

    @Test("right keys and expired tokens never count", arguments: ["admin token", "short"])
    func rightOnes(_ name: String) async throws {
        try await DispatcherFixture.with { fixture in
            let doorkeeper = try await doorkeeper(fixture)
            let short = try await doorkeeper.tokens.create(named: "short", role: .viewer, lifetimeSeconds: 1).secret
            fixture.clock.advance(by: .seconds(1))
            let codes = (0..<10).map { _ in
                code { () throws(ApusError) in
                    _ = try doorkeeper.bearer(of: name == "short" ? short : name, from: address)
                }
            }
            #expect(codes == Array(repeating: name == "short" ? "token_expired" : nil, count: 10))
        }
    }

    @Test("wrong tokens are throttled, also for the right ones of that address")
    func tokens() async throws {
        try await DispatcherFixture.with { fixture in
            let doorkeeper = try await doorkeeper(fixture)
            func show(_ token: String) -> String? {
                code { () throws(ApusError) in _ = try doorkeeper.bearer(of: token, from: address) }
            }
            for number in 0..<3 { #expect(show("guess \(number)") == "wrong_token") }
            #expect(show("admin token") == "too_many_guesses")
            fixture.clock.setWallClock(forwardBy: .hours(1))
            #expect(show("admin token") == "too_many_guesses", "nobody sets this clock")
            fixture.clock.advance(by: .seconds(20))
            #expect(show("admin token") == nil)
        }
    }

    @Test("an earlier key is taken until its time, whatever becomes of the wall clock")
    func overlap() async throws {
        try await DispatcherFixture.with { fixture in
            let id = fixture.app.id
            let until = fixture.clock.now.adding(seconds: 60)
            _ = try await fixture.dispatcher.update {
                try $0.replaceKey(ofApp: id, with: SecretHash(of: "new"), keepingOldUntil: until)
            }
            let doorkeeper = try await doorkeeper(fixture)
            func show(_ key: String) -> String? {
                code { () throws(ApusError) in _ = try doorkeeper.app(id, key: key, from: address) }
            }
            #expect(show("key-app") == nil && show("new") == nil)
            #expect(try doorkeeper.app(withKey: "key-app", from: address).id == id)
            fixture.clock.setWallClock(forwardBy: .hours(-1))
            fixture.clock.advance(by: .seconds(60))
            #expect(show("key-app") == "wrong_app_key" && show("new") == nil)
        }
    }

    @Test("who was let in is trusted until the token is revoked, or the key replaced")
    func lastingConnections() async throws {
        try await DispatcherFixture.with { fixture in
            let doorkeeper = try await doorkeeper(fixture)
            let made = try await doorkeeper.tokens.create(named: "ci", role: .viewer, lifetimeSeconds: 60)
            let bearer = try doorkeeper.bearer(of: made.secret, from: address)
            let app = Caller(
                try doorkeeper.app(fixture.app.id, key: "key-app", from: address), "key-app", from: address)
            #expect(doorkeeper.stillTrusts(bearer) && doorkeeper.stillTrusts(app))
            try await doorkeeper.tokens.revoke("ci")
            let id = fixture.app.id
            let changed = try await fixture.dispatcher.update {
                try $0.replaceKey(ofApp: id, with: SecretHash(of: "new"), keepingOldUntil: nil)
            }
            doorkeeper.apps.update(try #require(changed))
            #expect(!doorkeeper.stillTrusts(bearer) && !doorkeeper.stillTrusts(app))
        }
    }

    @Test("whoever is for one app is admitted to it and to no other, unless its key opens that as well")
    func admission() async throws {
        try await DispatcherFixture.with { fixture in
            let doorkeeper = try await doorkeeper(fixture)
            let id = fixture.app.id
            let number = AppNumber(fixture.app.number.rawValue + 1)
            let app = Caller(try doorkeeper.app(withKey: "key-app", from: nil), "key-app", from: nil)
            let bearer = try doorkeeper.bearer(of: "admin token", from: nil)
            let scoped = try doorkeeper.bearer(
                of: try await doorkeeper.tokens.create(named: "ci", role: .admin, appID: id).secret, from: nil)
            for caller in [app, bearer, scoped] { #expect(doorkeeper.admits(caller, to: id)) }
            #expect(doorkeeper.admits(bearer, to: "other"))
            for caller in [app, scoped] { #expect(!doorkeeper.admits(caller, to: "other")) }
            doorkeeper.apps.update(
                App(
                    number: number, id: "other", name: "other", createdAt: fixture.clock.now,
                    keyHash: SecretHash(of: "key-app")))
            #expect(doorkeeper.admits(app, to: "other") && !doorkeeper.admits(scoped, to: "other"))
        }
    }
}
