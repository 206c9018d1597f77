import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("TokenBook")
struct TokenBookTests {
    private func book(_ fixture: DispatcherFixture, configured: String? = nil) async throws -> TokenBook {
        let book = TokenBook(dispatcher: fixture.dispatcher, configured: configured)
        _ = try await book.load()
        return book
    }

    /// The code of the error that `body` throws; nil if it throws none.
    private func code(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? ApusError)?.code ?? "\(error)"
        }
    }

    @Test("the first start makes a token for everything, the second finds it")
    func firstStart() async throws {
        try await DispatcherFixture.with { fixture in
            let secret = try #require(try await TokenBook(dispatcher: fixture.dispatcher, configured: nil).load())
            let book = TokenBook(dispatcher: fixture.dispatcher, configured: nil)
            #expect(try await book.load() == nil)
            let token = try #require(try book.token(secret))
            #expect(token.name == "admin" && token.role == .admin && token.appID == nil)
        }
    }

    @Test("when every token that may do everything has expired, a start makes another")
    func allExpired() async throws {
        try await DispatcherFixture.with { fixture in
            let book = try await book(fixture)
            _ = try await book.create(named: "short", role: .admin, lifetimeSeconds: 60)
            try await book.revoke("admin")
            _ = try await book.create(named: "admin", role: .viewer)
            fixture.clock.advance(by: .seconds(60))
            let again = TokenBook(dispatcher: fixture.dispatcher, configured: nil)
            let secret = try #require(try await again.load())
            #expect(try again.token(secret)?.name == "admin-2")
        }
    }

    @Test("another configured token takes the place of the first, and the others stay")
    func reconfigured() async throws {
        try await DispatcherFixture.with { fixture in
            let book = try await book(fixture, configured: "mine")
            let secret = try await book.create(named: "ci", role: .sender).secret
            await book.configure("another")
            #expect(try book.token("mine") == nil)
            #expect(try book.token("another")?.role == .admin)
            _ = try await book.create(named: "ann", role: .admin)
            try await book.revoke("ann")
            _ = try await book.create(named: "ann", role: .admin)
            await book.configure(nil)
            #expect(try book.token("another") == nil)
            #expect(await code { try await book.revoke("ann") } == "last_admin_token")
            #expect(try book.token(secret)?.name == "ci")
        }
    }

    @Test("a configured token is valid besides, and can be revoked in the configuration only")
    func configured() async throws {
        try await DispatcherFixture.with { fixture in
            let book = try await book(fixture, configured: "mine")
            #expect(try book.token("mine")?.role == .admin)
            #expect(book.list().map(\.name) == [TokenBook.configuredName])
            #expect(await code { try await book.revoke(TokenBook.configuredName) } == "configured_token")
            #expect(
                await code { _ = try await book.create(named: TokenBook.configuredName, role: .viewer) }
                    == "token_exists")
        }
    }

    @Test("a token of the store that is configured too outlives its line in the configuration, and is not half revoked")
    func configuredTwice() async throws {
        try await DispatcherFixture.with { fixture in
            let first = TokenBook(dispatcher: fixture.dispatcher, configured: nil)
            let secret = try #require(try await first.load())
            let book = try await book(fixture, configured: secret)
            #expect(book.list().map(\.name) == ["admin", TokenBook.configuredName])
            _ = try await book.create(named: "ann", role: .admin)
            #expect(await code { try await book.revoke("admin") } == "configured_token")
            #expect(try book.token(secret)?.role == .admin)
            await book.configure(nil)
            #expect(try book.token(secret)?.name == "admin")
            try await book.revoke("admin")
            #expect(try book.token(secret) == nil)
        }
    }

    @Test("a token that is revoked as soon as it is there does not come back")
    func revokedAtOnce() async throws {
        try await DispatcherFixture.with { fixture in
            let book = try await book(fixture)
            for number in 0..<200 {
                let name = "t\(number)"
                async let made = book.create(named: name, role: .admin).secret
                while await code({ try await book.revoke(name) }) != nil {}
                let secret = try await made
                #expect(try book.token(secret) == nil)
            }
        }
    }

    @Test("a token is refused from the moment at which it expires")
    func expiry() async throws {
        try await DispatcherFixture.with { fixture in
            let book = try await book(fixture)
            let secret = try await book.create(named: "ci", role: .sender, lifetimeSeconds: 60).secret
            fixture.clock.advance(by: .milliseconds(59_999))
            #expect(try book.token(secret)?.name == "ci")
            fixture.clock.advance(by: .milliseconds(1))
            #expect(await code { _ = try book.token(secret) } == "token_expired")
        }
    }

    @Test("a clock that is set back keeps no token valid, one that is set forward by mistake ends none for good")
    func jumpingClock() async throws {
        try await DispatcherFixture.with { fixture in
            let book = try await book(fixture)
            let secret = try await book.create(named: "ci", role: .sender, lifetimeSeconds: 3600).secret
            fixture.clock.setWallClock(forwardBy: .hours(48))
            #expect(await code { _ = try book.token(secret) } == "token_expired")
            fixture.clock.setWallClock(forwardBy: .hours(-72))
            #expect(try book.token(secret)?.name == "ci")
            fixture.clock.advance(by: .hours(1))
            #expect(await code { _ = try book.token(secret) } == "token_expired")
        }
    }

    @Test(
        "a token whose clock is far from ours is read without harm", arguments: [Int64.min / 4, -1, 0, Int64.max / 4])
    func strangeTimes(_ milliseconds: Int64) async throws {
        try await DispatcherFixture.with { fixture in
            let token = AdminToken(
                name: "odd", role: .viewer, hash: SecretHash(of: "odd"), createdAt: fixture.clock.now,
                expiresAt: Timestamp(milliseconds: milliseconds))
            _ = try await fixture.dispatcher.update { try $0.insertAdminToken(token) }
            let book = try await book(fixture)
            #expect(await code { _ = try book.token("odd") } == (milliseconds > 0 ? nil : "token_expired"))
        }
    }

    @Test("a revoked token is unknown at once")
    func revocation() async throws {
        try await DispatcherFixture.with { fixture in
            let book = try await book(fixture)
            let secret = try await book.create(named: "ci", role: .sender).secret
            #expect(try book.token(secret)?.name == "ci")
            try await book.revoke("ci")
            #expect(try book.token(secret) == nil)
            #expect(await code { try await book.revoke("ci") } == "unknown_token")
        }
    }

    @Test("the last token that may do everything cannot be revoked; those of less power do not count")
    func lastAdmin() async throws {
        try await DispatcherFixture.with { fixture in
            let book = try await book(fixture)
            _ = try await book.create(named: "of one app", role: .admin, appID: fixture.app.id)
            _ = try await book.create(named: "sender", role: .sender)
            _ = try await book.create(named: "short", role: .admin, lifetimeSeconds: 1)
            fixture.clock.advance(by: .seconds(1))
            #expect(await code { try await book.revoke("admin") } == "last_admin_token")
            _ = try await book.create(named: "next", role: .admin)
            try await book.revoke("admin")
            #expect(await code { try await book.revoke("next") } == "last_admin_token")
        }
    }

    @Test("a name is taken once")
    func names() async throws {
        try await DispatcherFixture.with { fixture in
            let book = try await book(fixture)
            let first = try await book.create(named: "ci", role: .viewer).secret
            #expect(await code { _ = try await book.create(named: "ci", role: .admin) } == "token_exists")
            #expect(try book.token(first)?.role == .viewer)
        }
    }

    @Test("the hour of the last use is kept, with one write for an hour")
    func lastUse() async throws {
        try await DispatcherFixture.with { fixture in
            let book = try await book(fixture)
            let secret = try await book.create(named: "ci", role: .viewer).secret
            _ = try book.token(secret)
            let hour = Timestamp(milliseconds: fixture.clock.now.milliseconds / 3_600_000 * 3_600_000)
            let kept = { try fixture.store.read { try $0.adminTokens() }.first { $0.name == "ci" }?.usedAt }
            try await eventually { try kept() == hour }
            #expect(book.list().first { $0.name == "ci" }?.usedAt == hour)
        }
    }

    @Test("a role may do what those before it may")
    func roles() async throws {
        func may(_ role: Role, _ needed: Role, app: String? = nil, of: String? = nil) -> String? {
            let token = AdminToken(
                name: "t", role: role, appID: app, hash: SecretHash(of: "t"), createdAt: Timestamp(milliseconds: 0))
            do throws(ApusError) {
                try Caller(token, from: nil).require(needed, of: of)
                return nil
            } catch {
                return error.code
            }
        }
        for (index, role) in Role.allCases.enumerated() {
            for (other, needed) in Role.allCases.enumerated() {
                #expect(may(role, needed) == (index >= other ? nil : "role_required"))
            }
        }
        #expect(may(.admin, .viewer, app: "a", of: "a") == nil)
        #expect(may(.admin, .viewer, app: "a", of: "b") == "another_app")
        #expect(may(.admin, .viewer, app: "a") == "another_app")
    }
}
