import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("Every store keeps tokens")
struct TokenContractTests {
    private func insert(_ token: AdminToken, _ fixture: StoreFixture) throws -> Bool {
        var inserted = false
        try fixture.store.write { inserted = try $0.insertAdminToken(token) }
        return inserted
    }

    @Test("a token is kept as it is, and its name is taken then", arguments: StoreUnderTest.allCases)
    func insert(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            _ = try fixture.app("shop")
            let now = fixture.clock.now
            let all = [
                AdminToken(name: "ann", role: .admin, hash: SecretHash(of: "1"), createdAt: now),
                AdminToken(
                    name: "ci", role: .sender, appID: "shop", hash: SecretHash(of: "2"), createdAt: now,
                    expiresAt: now.adding(seconds: 60)),
            ]
            for token in all.reversed() { #expect(try insert(token, fixture)) }
            let again = AdminToken(name: "ci", role: .admin, hash: SecretHash(of: "3"), createdAt: now)
            #expect(try !insert(again, fixture))
            #expect(try fixture.store.read { try $0.adminTokens() } == all)
        }
    }

    @Test("a token's last use is kept, and a token can be removed", arguments: StoreUnderTest.allCases)
    func useAndRemove(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let now = fixture.clock.now
            for name in ["one", "two"] {
                let token = AdminToken(name: name, role: .viewer, hash: SecretHash(of: name), createdAt: now)
                #expect(try insert(token, fixture))
            }
            try fixture.store.write { try $0.noteUse(ofAdminToken: SecretHash(of: "one"), at: now) }
            #expect(try fixture.store.read { try $0.adminTokens() }.map(\.usedAt) == [now, nil])
            try fixture.store.write { try $0.removeAdminToken(SecretHash(of: "one")) }
            #expect(try fixture.store.read { try $0.adminTokens() }.map(\.name) == ["two"])
        }
    }
}
