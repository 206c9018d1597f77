import ApusCore
import Testing

@testable import ApusXMPP

@Suite("SCRAM")
struct SCRAMTests {
    struct Vector: Sendable {
        var mechanism: SCRAMMechanism
        var clientNonce: String
        var serverNonce: String
        var salt: String
        var proof: String
        var signature: String

        var credentials: SCRAMCredentials? {
            SCRAMCredentials(
                password: "pencil",
                salt: Base64.decode(salt) ?? [],
                iterations: 4096,
                mechanism: mechanism
            )
        }
        var final: String { "c=biws,r=\(clientNonce)\(serverNonce),p=\(proof)" }
    }

    /// RFC 5802 §5 and RFC 7677 §3.
    static let vectors = [
        Vector(
            mechanism: .sha1,
            clientNonce: "fyko+d2lbbFgONRv9qkxdawL",
            serverNonce: "3rfcNHYJY1ZVvWVs7j",
            salt: "QSXCR+Q6sek8bf92",
            proof: "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            signature: "rmF9pqV8S7suAoZWja4dJRkFsKQ="
        ),
        Vector(
            mechanism: .sha256,
            clientNonce: "rOprNGfwEbeRWgbNEkqO",
            serverNonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
            salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
            proof: "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            signature: "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        ),
    ]

    /// A server that has sent its challenge.
    private func challenged(_ vector: Vector) throws -> SCRAMServer {
        var server = SCRAMServer(mechanism: vector.mechanism, domain: "d", nonce: vector.serverNonce)
        let identity = try server.receiveFirst(Array("n,,n=user,r=\(vector.clientNonce)".utf8))
        #expect(identity.username == "user")
        let challenge = try server.challenge(for: try #require(vector.credentials))
        #expect(
            String(decoding: challenge, as: UTF8.self)
                == "r=\(vector.clientNonce)\(vector.serverNonce),s=\(vector.salt),i=4096"
        )
        return server
    }

    @Test("the server agrees with the examples of the RFCs", arguments: vectors)
    func server(vector: Vector) throws {
        var server = try challenged(vector)
        let success = try server.receiveFinal(Array(vector.final.utf8))
        #expect(String(decoding: success, as: UTF8.self) == "v=\(vector.signature)")
    }

    @Test("the client agrees with the examples of the RFCs", arguments: vectors)
    func client(vector: Vector) throws {
        var client = SCRAMClient(
            mechanism: vector.mechanism,
            username: "user",
            password: "pencil",
            nonce: vector.clientNonce
        )
        #expect(String(decoding: client.firstMessage, as: UTF8.self) == "n,,n=user,r=\(vector.clientNonce)")
        let challenge = "r=\(vector.clientNonce)\(vector.serverNonce),s=\(vector.salt),i=4096"
        #expect(String(decoding: try client.answer(Array(challenge.utf8)), as: UTF8.self) == vector.final)
        let isProven = client.verifies(Array("v=\(vector.signature)".utf8))
        #expect(isProven)
    }

    @Test("a final message is taken once", arguments: vectors)
    func replay(vector: Vector) throws {
        var server = try challenged(vector)
        _ = try server.receiveFinal(Array(vector.final.utf8))
        #expect(throws: SASLFailure(.malformedRequest)) { try server.receiveFinal(Array(vector.final.utf8)) }
        var other = SCRAMServer(mechanism: vector.mechanism, domain: "d")
        _ = try other.receiveFirst(Array("n,,n=user,r=\(vector.clientNonce)".utf8))
        _ = try other.challenge(for: try #require(vector.credentials))
        #expect(throws: SASLFailure(.notAuthorized)) { try other.receiveFinal(Array(vector.final.utf8)) }
    }

    @Test("a tampered final message is refused")
    func tampered() throws {
        let vector = Self.vectors[1]
        for (from, to, condition) in [
            ("c=biws", "c=eSws", .notAuthorized), ("r=rO", "r=rP", .notAuthorized), ("k0,p", "k1,p", .notAuthorized),
            ("p=dH", "p=eH", .notAuthorized), ("biws", "bi*s", .malformedRequest), (",p=", ",q=", .malformedRequest),
            ("VQ=", "", .malformedRequest), ("c=biws,", "", .malformedRequest), ("k0,p", "k0,x=y,p", .notAuthorized),
        ] as [(String, String, SASLFailure.Condition)] {
            var server = try challenged(vector)
            var message = vector.final
            message.replaceSubrange(try #require(message.firstRange(of: from)), with: to)
            #expect(throws: SASLFailure(condition), "\(message)") { try server.receiveFinal(Array(message.utf8)) }
            #expect(throws: SASLFailure(.malformedRequest)) { try server.receiveFinal(Array(vector.final.utf8)) }
        }
    }

    @Test(
        "a first message that asks for what we do not do is refused",
        arguments: [
            ("p=tls-unique,,n=user,r=abc", .malformedRequest), ("n,,m=x,n=user,r=abc", .malformedRequest),
            ("n,,n=us=er,r=abc", .malformedRequest), ("n,,n=,r=abc", .malformedRequest),
            ("n,,n=user,r=", .malformedRequest), ("n,,n=user", .malformedRequest),
            ("n,x,n=user,r=abc", .malformedRequest), ("", .malformedRequest),
            ("n,,r=abc,n=user", .malformedRequest), ("n,,n=user,r=a\u{1}", .malformedRequest),
            ("n,a=other,n=user,r=abc", .invalidAuthzid), ("n,a=user@elsewhere,n=user,r=abc", .invalidAuthzid),
            ("n,a=user@d/r,n=user,r=abc", .invalidAuthzid), ("n,,n=us\u{1}er,r=abc", .notAuthorized),
        ] as [(String, SASLFailure.Condition)]
    )
    func firstRefused(message: String, condition: SASLFailure.Condition) {
        var server = SCRAMServer(mechanism: .sha256, domain: "d")
        #expect(throws: SASLFailure(condition)) { try server.receiveFirst(Array(message.utf8)) }
        #expect(throws: SASLFailure(.malformedRequest)) { try server.receiveFirst(Array("n,,n=user,r=abc".utf8)) }
    }

    @Test("names are unescaped, extensions ignored, and one may act as oneself")
    func firstAccepted() throws {
        for message in [
            "n,,n=a=2Cb=3Dc,r=abc", "y,,n=a=2Cb=3DC,r=abc,x=y", "n,a=a=2Cb=3Dc@D,n=a=2Cb=3Dc,r=abc",
            "n,,n=a=2Cb=3Dc@d,r=abc",
        ] {
            var server = SCRAMServer(mechanism: .sha1, domain: "d")
            #expect(try server.receiveFirst(Array(message.utf8)).username == "a,b=c")
        }
    }

    /// Runs both halves against each other.
    private func exchange(
        _ username: String,
        _ password: String,
        _ credentials: SCRAMCredentials,
        _ mechanism: SCRAMMechanism
    ) throws -> Bool {
        var client = SCRAMClient(mechanism: mechanism, username: username, password: password)
        var server = SCRAMServer(mechanism: mechanism, domain: "d")
        _ = try server.receiveFirst(client.firstMessage)
        let final = try client.answer(try server.challenge(for: credentials))
        return client.verifies(try server.receiveFinal(final))
    }

    @Test("client and server agree on the right password only", arguments: SCRAMMechanism.allCases)
    func bothHalves(mechanism: SCRAMMechanism) throws {
        let password = "pa,s=s\u{A0}wö\u{AD}rd"
        let credentials = try #require(
            SCRAMCredentials(
                password: password,
                salt: SCRAMCredentials.randomSalt(),
                iterations: 4096,
                mechanism: mechanism
            )
        )
        #expect(try exchange("a,b=c", password, credentials, mechanism))
        #expect(try exchange("a,b=c", "pa,s=s wörd", credentials, mechanism))
        #expect(throws: SASLFailure(.notAuthorized)) { try exchange("a,b=c", "Password", credentials, mechanism) }
    }

    @Test("an account that does not exist looks like one with another password", arguments: SCRAMMechanism.allCases)
    func decoy(mechanism: SCRAMMechanism) throws {
        func decoy(_ name: String, secret: [UInt8] = [1, 2, 3]) -> SCRAMCredentials {
            .decoy(username: name, secret: secret, iterations: 4096, mechanism: mechanism)
        }
        #expect(decoy("a") == decoy("a"))
        #expect(decoy("a").salt != decoy("b").salt)
        #expect(decoy("a").salt != decoy("a", secret: [4]).salt)
        let real = try #require(
            SCRAMCredentials(
                password: "p",
                salt: SCRAMCredentials.randomSalt(),
                iterations: 4096,
                mechanism: mechanism
            )
        )
        #expect(decoy("a").salt.count == real.salt.count)
        #expect(decoy("a").storedKey.count == real.storedKey.count)
        #expect(decoy("a").serverKey.count == real.serverKey.count)
        #expect(throws: SASLFailure(.notAuthorized)) { try exchange("a", "p", decoy("a"), mechanism) }
    }

    @Test("a client does not take less than 4096 iterations, another's nonce or a false signature")
    func clientRefuses() throws {
        for challenge in [
            "r=abcd,s=AAAA,i=1", "r=xyz,s=AAAA,i=4096", "r=abc,s=AAAA,i=4096", "r=abcd,s=AAAA,i=99999999",
        ] {
            var client = SCRAMClient(mechanism: .sha1, username: "u", password: "p", nonce: "abc")
            #expect(throws: SASLFailure(.notAuthorized)) { try client.answer(Array(challenge.utf8)) }
        }
        var client = SCRAMClient(mechanism: .sha1, username: "u", password: "p", nonce: "abc")
        let isEarly = client.verifies(Array("v=".utf8))
        #expect(!isEarly)
        _ = try client.answer(Array("r=abcd,s=AAAA,i=4096".utf8))
        let isProven = client.verifies(Array("v=\(Base64.encode([UInt8](repeating: 0, count: 20)))".utf8))
        #expect(!isProven)
    }

    @Test("keys are derived as PBKDF2 derives them")
    func derivation() {
        // RFC 6070 §2, and the same inputs with SHA-256.
        let (password, salt) = (Array("password".utf8), Array("salt".utf8))
        #expect(
            Hex.encode(SCRAMMechanism.sha1.derive(password, salt: salt, iterations: 1))
                == "0c60c80f961f0e71f3a9b524af6012062fe037a6"
        )
        #expect(
            Hex.encode(SCRAMMechanism.sha1.derive(password, salt: salt, iterations: 4096))
                == "4b007901b765489abead49d926f721d065a429c1"
        )
        #expect(
            Hex.encode(SCRAMMechanism.sha256.derive(password, salt: salt, iterations: 1))
                == "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"
        )
        #expect(
            Hex.encode(SCRAMMechanism.sha256.derive(password, salt: salt, iterations: 4096))
                == "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"
        )
    }
}
