import ApusCore
import ApusTestKit
import Crypto
import NIOCore
import Testing

@testable import ApusSimulators

@Suite("Provider tokens")
struct ProviderTokenTests {
    private let clock = ManualClock()
    private let forge = ProviderTokenForge()

    private func verifier(updateLimit: Int = 3, environment: APNsServiceEnvironment? = nil) -> ProviderTokenVerifier {
        ProviderTokenVerifier(
            teams: [forge.team(environment: environment)], environment: .production, updateLimit: updateLimit)
    }

    private func refusal(_ authorization: String, by verifier: ProviderTokenVerifier) -> APNsRefusal? {
        do {
            _ = try verifier.verify(authorization, at: clock.now)
            return nil
        } catch {
            return error
        }
    }

    @Test("a token is verified, whether iat is a number or a string", arguments: [false, true])
    func verifies(isText: Bool) throws {
        let token = try verifier().verify(forge.authorization(at: clock.now, isText: isText), at: clock.now)
        #expect(token.keyID == "KEY0000001")
        #expect(token.teamID == "TEAM000001")
        #expect(token.sender == APNsSender(credentials: .providerToken, topics: ["com.example.app"]))
    }

    @Test("the scheme may be written in capitals")
    func scheme() throws {
        let token = try forge.authorization(at: clock.now)
        #expect(refusal("Bearer" + token.dropFirst(6), by: verifier()) == nil)
    }

    @Test("a token that is not what its team signed is invalid")
    func invalid() throws {
        let good = try forge.authorization(at: clock.now)
        let now = clock.now.milliseconds / 1000
        let parts = good.dropFirst("bearer ".count).split(separator: ".")
        let stranger = try ProviderTokenForge().authorization(at: clock.now)
        let other = try forge.authorization(at: clock.now, age: 1).dropFirst("bearer ".count).split(separator: ".")
        let tokens = [
            "", "bearer", "bearer ", "basic \(parts.joined(separator: "."))", "bearer a.b", "bearer a.b.c.d",
            "bearer \(parts[0]).\(other[1]).\(parts[2])",
            "bearer \(parts[0]).\(parts[1]).\(parts[2].dropLast(4))",
            good + "=", stranger,
            try forge.authorization(
                header: #"{"alg":"none","kid":"KEY0000001"}"#, claims: #"{"iss":"TEAM000001","iat":\#(now)}"#),
            try forge.authorization(header: #"{"alg":"ES256"}"#, claims: #"{"iss":"TEAM000001","iat":\#(now)}"#),
            try forge.authorization(
                header: #"{"alg":"ES256","kid":"KEY0000002"}"#, claims: #"{"iss":"TEAM000001","iat":\#(now)}"#),
            try forge.authorization(
                header: #"{"alg":"ES256","kid":"KEY0000001"}"#, claims: #"{"iss":"TEAM000002","iat":\#(now)}"#),
            try forge.authorization(header: #"{"alg":"ES256","kid":"KEY0000001"}"#, claims: #"{"iss":"TEAM000001"}"#),
            try forge.authorization(
                header: #"{"alg":"ES256","kid":"KEY0000001"}"#, claims: #"{"iss":"TEAM000001","iat":"now"}"#),
            try forge.authorization(header: "[]", claims: "{}"),
        ]
        let verifier = verifier()
        for token in tokens { #expect(refusal(token, by: verifier) == .invalidProviderToken, "\(token)") }
        #expect(refusal(good, by: verifier) == nil)
    }

    @Test("a token is good for an hour, also when it is remembered, and not before its time")
    func age() throws {
        let verifier = verifier()
        let token = try forge.authorization(at: clock.now)
        #expect(refusal(token, by: verifier) == nil)
        clock.advance(by: .hours(1))
        #expect(refusal(token, by: verifier) == nil)
        clock.advance(by: .seconds(1))
        #expect(refusal(token, by: verifier) == .expiredProviderToken)
        #expect(try refusal(forge.authorization(at: clock.now, age: 3601), by: verifier) == .expiredProviderToken)
        #expect(try refusal(forge.authorization(at: clock.now, age: -3601), by: verifier) == .expiredProviderToken)
    }

    @Test("a team that changes its token too often is stopped, and can go on with the tokens it has")
    func updates() throws {
        let verifier = verifier(updateLimit: 2)
        let tokens = try (0..<4).map { try forge.authorization(at: clock.now, age: $0) }
        #expect(refusal(tokens[0], by: verifier) == nil)
        clock.advance(by: .minutes(5))
        #expect(refusal(tokens[1], by: verifier) == nil)
        #expect(refusal(tokens[2], by: verifier) == .tooManyProviderTokenUpdates)
        #expect(refusal(tokens[0], by: verifier) == nil)
        #expect(refusal(tokens[1], by: verifier) == nil)
        clock.advance(by: .minutes(15))
        #expect(refusal(tokens[2], by: verifier) == nil)
        #expect(refusal(tokens[3], by: verifier) == .tooManyProviderTokenUpdates)
    }

    @Test("a key for the sandbox is not good for production")
    func environments() throws {
        let token = try forge.authorization(at: clock.now)
        #expect(refusal(token, by: verifier(environment: .sandbox)) == .badEnvironmentKeyInToken)
        #expect(refusal(token, by: verifier(environment: .production)) == nil)
    }

    @Test("a connection belongs to one team and one key")
    func oneTeam() throws {
        let other = ProviderTokenForge(keyID: "KEY0000002")
        let stranger = ProviderTokenForge(teamID: "TEAM000002")
        let verifier = ProviderTokenVerifier(
            teams: [forge.team(and: other), stranger.team], environment: .production, updateLimit: 3)
        var authenticator = APNsAuthenticator(verifier: verifier, environment: .production)
        #expect(!authenticator.knowsSender)
        let now = clock.now
        _ = try authenticator.sender(forge.authorization(at: now), at: now, wedges: true)
        #expect(authenticator.knowsSender)
        #expect(throws: APNsRefusal.unrelatedKeyIDInToken) {
            try authenticator.sender(other.authorization(at: now), at: now, wedges: true)
        }
        #expect(throws: APNsRefusal.invalidProviderToken) {
            try authenticator.sender(stranger.authorization(at: now), at: now, wedges: true)
        }
        #expect(throws: APNsRefusal.missingProviderToken) { try authenticator.sender(nil, at: now, wedges: true) }
        _ = try authenticator.sender(forge.authorization(at: now, age: 1), at: now, wedges: true)
    }

    @Test("a connection on which a token expired takes no new ones, unless told otherwise")
    func wedged() throws {
        var authenticator = APNsAuthenticator(verifier: verifier(), environment: .production)
        let now = clock.now
        let old = try forge.authorization(at: now, age: 3601)
        let new = try forge.authorization(at: now)
        #expect(throws: APNsRefusal.expiredProviderToken) { try authenticator.sender(old, at: now, wedges: true) }
        #expect(throws: APNsRefusal.expiredProviderToken) { try authenticator.sender(new, at: now, wedges: true) }
        _ = try authenticator.sender(new, at: now, wedges: false)
    }

    @Test("a key is read from a public key and from the private key of a .p8 file")
    func keys() throws {
        let key = P256.Signing.PrivateKey()
        for pem in [key.pemRepresentation, key.publicKey.pemRepresentation] {
            #expect(
                try APNsSigningKey(id: "K", pem: pem).publicKey.rawRepresentation == key.publicKey.rawRepresentation)
        }
        #expect(throws: (any Error).self) { try APNsSigningKey(id: "K", pem: "-----BEGIN X-----") }
    }

    @Test(
        "base 64 for URLs is read without padding (RFC 4648 §10)",
        arguments: [
            ("", ""), ("Zg", "f"), ("Zm8", "fo"), ("Zm9v", "foo"), ("Zm9vYg", "foob"), ("Zm9vYmFy", "foobar"),
            ("Pz8_Pj4-", "???>>>"),
        ])
    func base64(text: String, bytes: String) {
        #expect(Base64URL.decode(text.utf8) == Array(bytes.utf8))
    }

    @Test("what is not base 64 for URLs is not read", arguments: ["Z", "Zg==", "Zm9+", "Zm/v", "Zm 9"])
    func notBase64(text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }
}
