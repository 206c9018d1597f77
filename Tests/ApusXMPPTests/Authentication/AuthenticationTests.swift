import ApusCore
import Testing

@testable import ApusXMPP

@Suite("Legacy digest, PLAIN and what they are made of")
struct AuthenticationTests {
    @Test("a digest proves the password, in capitals too")
    func digest() {
        // XEP-0078 §3.2.
        let digest = "48fc78be9ec8f86d8ce1c39c320c97c21d62334d"
        #expect(LegacyDigest.hex(streamID: "3EE948B0", password: "Calli0pe") == digest)
        #expect(LegacyDigest.matches(digest, streamID: "3EE948B0", password: "Calli0pe"))
        #expect(LegacyDigest.matches(digest.uppercased(), streamID: "3EE948B0", password: "Calli0pe"))
        #expect(!LegacyDigest.matches(digest, streamID: "3EE948B1", password: "Calli0pe"))
        #expect(!LegacyDigest.matches(String(digest.dropLast()), streamID: "3EE948B0", password: "Calli0pe"))
        #expect(!LegacyDigest.matches("", streamID: "3EE948B0", password: "Calli0pe"))
    }

    @Test("a PLAIN message names an account and its password")
    func plain() throws {
        for authorization in ["", "tim@d", "TIM", "tim@D"] {
            let plain = try SASLPlain(Array("\(authorization)\0Tim\0tanstaaf tanstaaf".utf8), domain: "d")
            #expect(plain.identity.username == "tim")
            #expect(plain.password == "tanstaaf tanstaaf")
        }
        let message = SASLPlain.message(username: "tim", password: "p\u{A0}w")
        #expect(try SASLPlain(message, domain: "d").password == "p w")
    }

    @Test(
        "a PLAIN message that is malformed or for another account is refused",
        arguments: [
            ("", .malformedRequest), ("\0tim", .malformedRequest), ("\0tim\0", .malformedRequest),
            ("\0\0p", .malformedRequest), ("\0tim\0p\0", .malformedRequest), ("\0tim\0p\u{1}", .notAuthorized),
            ("\0t m\0p", .notAuthorized), ("bob\0tim\0p", .invalidAuthzid), ("tim@e\0tim\0p", .invalidAuthzid),
            ("\0tim@e\0p", .notAuthorized),
        ] as [(String, SASLFailure.Condition)]
    )
    func plainRefused(message: String, condition: SASLFailure.Condition) {
        #expect(throws: SASLFailure(condition)) { try SASLPlain(Array(message.utf8), domain: "d") }
    }

    @Test("a PLAIN message that is not UTF-8 is refused")
    func plainBytes() {
        #expect(throws: SASLFailure(.malformedRequest)) { try SASLPlain([0, 0x74, 0, 0xFF], domain: "d") }
        #expect(throws: SASLFailure(.malformedRequest)) { try SASLPlain([0xFF, 0, 0x74, 0, 0x74], domain: "d") }
    }

    @Test("every failure is read as it was written", arguments: SASLFailure.Condition.allCases)
    func failures(condition: SASLFailure.Condition) {
        #expect(SASLFailure(SASLFailure(condition).element) == SASLFailure(condition))
    }

    @Test("base 64 agrees with RFC 4648")
    func base64() {
        for (text, encoded) in [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            #expect(Base64.encode(text.utf8) == encoded)
            #expect(Base64.decode(encoded) == Array(text.utf8))
        }
        let all = (0...255).map { UInt8($0) }
        #expect(Base64.decode(Base64.encode(all)) == all)
    }

    @Test(
        "what is not quite base 64 is refused",
        arguments: [
            "Z", "Zg", "Zg=", "Zh==", "Zm9=", "=", "==", "====", "Z===", "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm9-", "Zé==",
        ]
    )
    func notBase64(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test("SASLprep maps spaces, drops what is invisible and refuses the rest")
    func saslprep() {
        // RFC 4013 §3, but for the examples that need a normal form or rules for right-to-left text.
        #expect(StringPreparation.saslprep("I\u{AD}X") == "IX")
        #expect(StringPreparation.saslprep("user") == "user")
        #expect(StringPreparation.saslprep("USER") == "USER")
        #expect(StringPreparation.saslprep("a\u{3000}b") == "a b")
        for refused in [
            "\u{7}", "", "\u{AD}", "a\u{E000}", "a\u{FFFE}", "a\u{1FFFF}", "a\u{200E}", "a\u{E0041}", "\u{85}",
        ] {
            #expect(StringPreparation.saslprep(refused) == nil)
        }
    }
}
