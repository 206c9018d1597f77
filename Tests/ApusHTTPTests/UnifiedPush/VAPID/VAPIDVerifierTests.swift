import ApusCore
import Crypto
import NIOCore
import Testing

@testable import ApusHTTP

@Suite("VAPIDVerifier")
struct VAPIDVerifierTests {
    let forge = VAPIDForge()
    let verifier = VAPIDVerifier(origins: ["https://push.example.org", "http://[::1]:8080"])
    let now = Timestamp(milliseconds: 1_800_000_000_000)
    let inAnHour = "1800003600"

    func verify(_ token: String, key: String? = nil, requiredKey: String? = nil) throws -> String? {
        try verifier.verify(
            authorization: "vapid t=\(token), k=\(key ?? forge.publicKey)", requiredKey: requiredKey, at: now)
    }

    // MARK: Good ones

    @Test("a token of this server's origin tells the sender's key, at once and again")
    func accepts() throws {
        let token = try forge.token(expiry: inAnHour)
        for _ in 0..<2 { #expect(try verify(token) == forge.publicKey) }
    }

    @Test(
        "the origin may have the default port, another case, or stand in a list",
        arguments: [
            #""https://push.example.org:443""#, #""HTTPS://Push.Example.Org""#, #""http://[::1]:8080""#,
            #"["https://other.example","https://push.example.org"]"#,
        ])
    func audiences(_ audience: String) throws {
        #expect(try verify(forge.token(audience: audience, expiry: inAnHour)) == forge.publicKey)
    }

    @Test("a token may be good for 24 hours, by clocks that differ by 5 minutes", arguments: [1, 86_400, 86_700])
    func expiries(_ seconds: Int64) throws {
        #expect(try verify(forge.token(expiry: "\(1_800_000_000 + seconds)")) != nil)
    }

    @Test("the form of drafts is taken too, and remembered although the other header changes with each message")
    func draft() throws {
        let authorization = "WebPush \(try forge.token(expiry: inAnHour))"
        for message in ["BDH", "BXY"] {
            let cryptoKey = "dh=\(message);p256ecdsa=\(forge.publicKey)"
            let key = try verifier.verify(authorization: authorization, cryptoKey: cryptoKey, at: now)
            #expect(key == forge.publicKey)
        }
        #expect(verifier.remembered == 1)
    }

    @Test("padding of the key makes no difference")
    func padding() throws {
        #expect(try verify(forge.token(expiry: inAnHour), key: forge.publicKey + "=") == forge.publicKey)
    }

    @Test("without an authorization the sender is nobody")
    func nobody() throws {
        #expect(try verifier.verify(authorization: nil, at: now) == nil)
        #expect(try verifier.verify(authorization: "Bearer x", at: now) == nil)
    }

    // MARK: Bad ones

    func refusal(_ body: () throws -> String?) -> VAPIDError? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? VAPIDError
        }
    }

    @Test(
        "a wrong audience is refused with 403",
        arguments: [
            "https://push.example.org/", "https://push.example.org:8443", "http://push.example.org",
            "https://example.org",
            "push.example.org", "https://push.example.org.evil.example", "http://[::1]", "",
        ])
    func wrongAudience(_ audience: String) throws {
        let token = try forge.token(audience: "\"\(audience)\"", expiry: inAnHour)
        let error = refusal { try verify(token) }
        #expect(error == .wrongAudience(expected: "https://push.example.org"))
        #expect(error?.status == 403)
    }

    @Test("a token that has expired, or lasts for too long, is refused with 403")
    func wrongExpiry() throws {
        for expiry in ["1800000000", "1799999999", "0", "-9223372036854775808"] {
            #expect(refusal { try verify(forge.token(expiry: expiry)) } == .expired)
        }
        for expiry in ["1800086701", "9223372036854775807"] {
            #expect(refusal { try verify(forge.token(expiry: expiry)) } == .expiresTooLate)
        }
        #expect(VAPIDError.expired.status == 403)
        #expect(VAPIDError.expiresTooLate.status == 403)
    }

    @Test("a token that was good expires all the same")
    func expiresLater() throws {
        let token = try forge.token(expiry: inAnHour)
        #expect(try verify(token) != nil)
        let error = refusal {
            try verifier.verify(
                authorization: "vapid t=\(token), k=\(forge.publicKey)", at: now.adding(seconds: 3600))
        }
        #expect(error == .expired)
    }

    @Test("a key that is no point on P-256 is refused with 403")
    func wrongCurve() throws {
        let token = try forge.token(expiry: inAnHour)
        var offCurve = Array(forge.key.publicKey.x963Representation)
        offCurve[64] ^= 1
        let other = P384.Signing.PrivateKey().publicKey.x963Representation
        let compressed = forge.key.publicKey.compressedRepresentation
        for key in [offCurve, Array(other), Array(compressed), [0]] {
            #expect(refusal { try verify(token, key: Base64URL.encode(key)) } == .invalidKey)
        }
        #expect(refusal { try verify(token, key: "!") } == .invalidKey)
        #expect(VAPIDError.invalidKey.status == 403)
    }

    @Test("a signature of another key, or of something else, is refused with 403")
    func wrongSignature() throws {
        let token = try forge.token(expiry: inAnHour, signedBy: P256.Signing.PrivateKey())
        #expect(refusal { try verify(token) } == .wrongSignature)
        let parts = try forge.token(expiry: inAnHour).split(separator: ".")
        let later = try forge.token(expiry: "1800007200").split(separator: ".")
        #expect(refusal { try verify("\(parts[0]).\(later[1]).\(parts[2])") } == .wrongSignature)
        #expect(VAPIDError.wrongSignature.status == 403)
    }

    @Test("algorithms other than ES256 are refused", arguments: [#"{"alg":"none"}"#, #"{"alg":"HS256"}"#, "{}"])
    func wrongAlgorithm(_ header: String) throws {
        #expect(refusal { try verify(forge.token(header: header, expiry: inAnHour)) } == .wrongAlgorithm)
    }

    @Test("what is no token is said to be none")
    func malformed() throws {
        let token = try forge.token(expiry: inAnHour)
        let der = Base64URL.encode(try forge.key.signature(for: [1]).derRepresentation)
        let parts = token.split(separator: ".")
        let noExpiry = try forge.token(expiry: "null")
        let cases = [
            "x", "..", "a.b", "\(token).x", "!.\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1]).\(der)", noExpiry,
            "\(parts[0]).\(Base64URL.encode("[]".utf8)).\(parts[2])",
            "\(parts[0]).\(Base64URL.encode("{}".utf8)).\(parts[2])",
        ]
        for token in cases {
            guard case .malformed = refusal({ try verify(token) }) else {
                Issue.record("\(token)")
                continue
            }
        }
    }

    // MARK: Restricted endpoints

    @Test("an endpoint for one sender asks others who they are with 401, and refuses them with 403")
    func restricted() throws {
        let token = try forge.token(expiry: inAnHour)
        #expect(try verify(token, requiredKey: forge.publicKey) == forge.publicKey)
        #expect(refusal { try verify(token, requiredKey: VAPIDForge().publicKey) } == .wrongKey)
        let missing = refusal {
            try verifier.verify(authorization: nil, requiredKey: forge.publicKey, at: now)
        }
        #expect(missing == .missing)
        #expect(missing?.status == 401)
        #expect(VAPIDError.wrongKey.status == 403)
    }

    // MARK: Memory

    @Test("it remembers no more than so many tokens, and those in use longest")
    func bounded() throws {
        let verifier = VAPIDVerifier(origins: ["https://push.example.org"], capacity: 4)
        let tokens = try (1...20).map { try forge.token(expiry: "\(1_800_000_000 + $0)") }
        for token in tokens {
            for used in [tokens[0], token] {
                _ = try verifier.verify(authorization: "vapid t=\(used), k=\(forge.publicKey)", at: now)
            }
            #expect(verifier.remembered <= 4)
            #expect(verifier.remembers("vapid t=\(tokens[0]), k=\(forge.publicKey)"))
        }
    }

    @Test("a token that is not good is not remembered")
    func forgets() throws {
        let token = try forge.token(expiry: inAnHour, signedBy: P256.Signing.PrivateKey())
        #expect(refusal { try verify(token) } == .wrongSignature)
        #expect(verifier.remembered == 0)
    }
}
