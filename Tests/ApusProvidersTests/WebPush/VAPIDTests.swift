import ApusCore
import ApusTestKit
import Crypto
import NIOCore
import Testing

@testable import ApusProviders

@Suite("VAPIDKeys")
struct VAPIDKeysTests {
    static let pem = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyfWPiYE+n46HLnH0
        KqZOF1fJJU3MYrct3AELtAQ+oRyhRANCAAT+M/SrDepxkU21WCP3O1SUj0EwbZIH
        Mtu5pZpTKGSCIA5Zent7wmC6HCJ5mFgJkuk5cwAvMBKiiujwa7t45ewP
        -----END PRIVATE KEY-----
        """
    static let publicKey = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"

    @Test("a key is read as base 64 for URLs and as PEM", arguments: [WebPushVector.senderPrivate, pem])
    func reads(_ text: String) throws {
        let keys = try VAPIDKeys(privateKey: text)
        #expect(keys.publicKey == Self.publicKey)
        #expect(keys.privateKey == WebPushVector.senderPrivate)
    }

    @Test("a new pair can be read back, and is another one each time")
    func makes() throws {
        let keys = VAPIDKeys.make()
        #expect(keys.publicKey.utf8.count == 87)
        #expect(keys.privateKey.utf8.count == 43)
        #expect(try VAPIDKeys(privateKey: keys.privateKey).publicKey == keys.publicKey)
        #expect(VAPIDKeys.make().publicKey != keys.publicKey)
    }

    @Test(
        "anything else is refused",
        arguments: ["", "abc", publicKey, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "-----BEGIN PRIVATE KEY-----"])
    func refuses(_ text: String) {
        let error = #expect(throws: ApusError.self) { try VAPIDKeys(privateKey: text) }
        #expect(error?.code == "vapid_key_invalid")
    }
}

@Suite("VAPIDTokens")
struct VAPIDTokensTests {
    let clock = ManualClock()
    let keys = VAPIDKeys.make()

    func tokens(capacity: Int = 10) -> VAPIDTokens {
        VAPIDTokens(keys: keys, subject: "mailto:a@b.example", clock: clock, capacity: capacity)
    }

    @Test("a token names the push service, ends within a day and is signed with the key")
    func signs() throws {
        let authorization = try tokens().authorization(for: "https://push.example.org:8443")
        try #require(authorization.hasPrefix("vapid t=") && authorization.hasSuffix(",k=\(keys.publicKey)"))
        let token = authorization.dropFirst(8).dropLast(90).split(separator: ".")
        try #require(token.count == 3)
        func text(_ part: Substring) throws -> String {
            String(decoding: try #require(Base64URL.decode(part.utf8)), as: UTF8.self)
        }
        #expect(try text(token[0]) == #"{"typ":"JWT","alg":"ES256"}"#)
        let exp = clock.now.milliseconds / 1000 + 13 * 3600
        #expect(
            try text(token[1]) == #"{"aud":"https://push.example.org:8443","exp":\#(exp),"sub":"mailto:a@b.example"}"#)
        let key = try P256.Signing.PublicKey(
            x963Representation: try #require(Base64URL.decode(keys.publicKey.utf8)))
        let signature = try P256.Signing.ECDSASignature(
            rawRepresentation: try #require(Base64URL.decode(token[2].utf8)))
        #expect(key.isValidSignature(signature, for: Array("\(token[0]).\(token[1])".utf8)))
    }

    @Test("it is used for 12 hours, and another one for each push service")
    func reuses() throws {
        let tokens = tokens()
        let first = try tokens.authorization(for: "https://a")
        #expect(try tokens.authorization(for: "https://b") != first)
        clock.advance(by: .hours(12) - .seconds(1))
        #expect(try tokens.authorization(for: "https://a") == first)
        clock.advance(by: .seconds(1))
        #expect(try tokens.authorization(for: "https://a") != first)
    }

    @Test("no more than so many are kept")
    func bounded() throws {
        let tokens = tokens(capacity: 2)
        let all = try ["a", "b", "c"].map { try tokens.authorization(for: $0) }
        let again = try ["c", "b", "a"].map { try tokens.authorization(for: $0) }
        #expect(again[0] == all[2])
        #expect(again.reversed() != all)
    }
}
