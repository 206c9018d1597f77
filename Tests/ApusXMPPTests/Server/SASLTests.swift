import ApusCore
import Testing

@testable import ApusXMPP

@Suite("Logging in with SASL")
struct SASLTests {
    private static let namespace = #"xmlns="urn:ietf:params:xml:ns:xmpp-sasl""#

    private func auth(_ mechanism: String, _ message: String) -> String {
        #"<auth \#(Self.namespace) mechanism="\#(mechanism)">\#(message)</auth>"#
    }

    private func response(_ message: String) -> String { "<response \(Self.namespace)>\(message)</response>" }

    private func failure(_ condition: String) -> String { "<failure \(Self.namespace)><\(condition)/></failure>" }

    private func encoded(_ text: String) -> String { Base64.encode(text.utf8) }

    private func opened(isEncrypted: Bool = true) -> Screenplay {
        let play = Screenplay(isEncrypted: isEncrypted)
        play.open()
        return play
    }

    // MARK: PLAIN

    @Test(
        "takes a PLAIN message with the password, with or without the domain",
        arguments: ["\0ann\0secret", "ann@example.org\0ann\0secret", "\0ann@example.org\0secret", "\0ANN\0secret"])
    func plain(message: String) {
        let play = opened()
        play.device(auth("PLAIN", encoded(message)))
        play.server("<success \(Self.namespace)/>")
        #expect(play.session.phase == .opening && play.counted == [.plain])
        play.device(Screenplay.header)
        play.server(Screenplay.answer + Screenplay.boundFeatures)
    }

    @Test("asks for the first message if the client did not send it along")
    func plainWithoutInitialResponse() {
        let play = opened()
        play.device(#"<auth \#(Self.namespace) mechanism="PLAIN"/>"#)
        play.server("<challenge \(Self.namespace)/>")
        play.device(response(encoded("\0bob\0hunter2")))
        play.server("<success \(Self.namespace)/>")
    }

    @Test(
        "answers a wrong password, nobody's name and an account that was unregistered alike",
        arguments: [
            "\0ann\0wrong", "\0bob\0wrong", "\0nobody\0secret", "\0gone\0secret", "\0ann@elsewhere.org\0secret",
        ])
    func wrongPassword(message: String) {
        let play = opened()
        play.device(auth("PLAIN", encoded(message)))
        play.server(failure("not-authorized"))
        #expect(play.counted == [.loginFailed] && !play.isOver)
        play.house()
    }

    @Test("does not let one act as somebody else")
    func authorization() {
        let play = opened()
        play.device(auth("PLAIN", encoded("bob\0ann\0secret")))
        play.server(failure("invalid-authzid"))
    }

    @Test("takes PLAIN only on an encrypted stream, or where that is allowed")
    func plainUnencrypted() {
        let play = opened(isEncrypted: false)
        play.device(auth("PLAIN", encoded("\0ann\0secret")))
        play.server(failure("encryption-required"))
        let lax = Screenplay { $0.allowsPlainPasswords = true }
        lax.open()
        lax.device(auth("PLAIN", encoded("\0ann\0secret")))
        lax.server("<success \(Self.namespace)/>")
    }

    // MARK: SCRAM

    /// Logs in with SCRAM, up to the challenge.
    private func challenged(
        _ play: Screenplay, _ mechanism: SCRAMMechanism, _ client: SCRAMClient
    ) throws -> String {
        play.device(auth(mechanism.rawValue, Base64.encode(client.firstMessage)))
        let output = play.takeOutput()
        let challenge = try #require(output.firstMatch(of: /^<challenge xmlns="[^"]*">([^<]+)<\/challenge>$/))
        return String(decoding: try #require(Base64.decode(String(challenge.1))), as: UTF8.self)
    }

    @Test("challenges with the salt and the count of the account, as in the examples of the RFCs", arguments: [0, 1])
    func scram(example: Int) throws {
        let vector = SCRAMTests.vectors[example]
        for isEncrypted in [false, true] {
            let play = opened(isEncrypted: isEncrypted)
            var client = SCRAMClient(
                mechanism: vector.mechanism, username: "user", password: "pencil", nonce: vector.clientNonce)
            let challenge = try challenged(play, vector.mechanism, client)
            #expect(challenge.hasPrefix("r=" + vector.clientNonce) && challenge.hasSuffix(",s=\(vector.salt),i=4096"))
            #expect(
                challenge.utf8.count >= "r=,s=,i=4096".utf8.count + (vector.clientNonce + vector.salt).utf8.count + 16)
            play.device(response(Base64.encode(try client.answer(Array(challenge.utf8)))))
            let output = play.takeOutput()
            let success = try #require(output.firstMatch(of: /^<success xmlns="[^"]*">([^<]+)<\/success>$/))
            let isProven = client.verifies(try #require(Base64.decode(String(success.1))))
            #expect(isProven, "the server knows the password too")
            #expect(play.counted == [.scram])
            play.device(Screenplay.header)
            play.server(Screenplay.answer + Screenplay.boundFeatures)
        }
    }

    @Test("refuses a wrong password after the same challenge", arguments: SCRAMMechanism.allCases)
    func scramWrong(mechanism: SCRAMMechanism) throws {
        let play = opened()
        var client = SCRAMClient(mechanism: mechanism, username: "user", password: "crayon")
        let challenge = try challenged(play, mechanism, client)
        play.device(response(Base64.encode(try client.answer(Array(challenge.utf8)))))
        play.server(failure("not-authorized"))
        #expect(play.counted == [.loginFailed])
    }

    @Test("challenges nobody's name with a salt that is always the same", arguments: SCRAMMechanism.allCases)
    func scramUnknown(mechanism: SCRAMMechanism) throws {
        var salts: Set<String> = []
        for _ in 0..<3 {
            let play = opened()
            var client = SCRAMClient(mechanism: mechanism, username: "nobody", password: "secret")
            let challenge = try challenged(play, mechanism, client)
            salts.insert(String(try #require(challenge.firstMatch(of: /,s=([^,]+),i=4096$/)).1))
            play.device(response(Base64.encode(try client.answer(Array(challenge.utf8)))))
            play.server(failure("not-authorized"))
        }
        #expect(salts.count == 1 && salts.first?.utf8.count == 24)
    }

    @Test("does not let in an account that was unregistered, with the right password")
    func scramInactive() throws {
        let play = opened()
        var client = SCRAMClient(mechanism: .sha256, username: "gone", password: "secret")
        let challenge = try challenged(play, .sha256, client)
        play.device(response(Base64.encode(try client.answer(Array(challenge.utf8)))))
        play.server(failure("not-authorized"))
    }

    @Test("takes a proof once")
    func replay() throws {
        let play = opened()
        var client = SCRAMClient(mechanism: .sha1, username: "user", password: "pencil")
        let challenge = try challenged(play, .sha1, client)
        let final = response(Base64.encode(try client.answer(Array(challenge.utf8))))
        let other = opened()
        _ = try challenged(other, .sha1, SCRAMClient(mechanism: .sha1, username: "user", password: "pencil"))
        other.device(final)
        other.server(failure("not-authorized"))
        play.device(final)
        #expect(play.takeOutput().hasPrefix("<success "))
    }

    // MARK: Failures

    @Test(
        "says what was wrong",
        arguments: [
            (#"<auth mechanism="X-OAUTH2""#, "AA==", "invalid-mechanism"), ("<auth", "AA==", "invalid-mechanism"),
            (#"<auth mechanism="SCRAM-SHA-256-PLUS""#, "AA==", "invalid-mechanism"),
            (#"<auth mechanism="PLAIN""#, "not base 64", "incorrect-encoding"),
            (#"<auth mechanism="PLAIN""#, "AGFubg", "incorrect-encoding"),
            (#"<auth mechanism="PLAIN""#, "=", "malformed-request"),
            (#"<auth mechanism="SCRAM-SHA-1""#, "bixhPWIsbj1hbm4=", "malformed-request"),
            ("<response", "AA==", "malformed-request"), ("<success", "", "malformed-request"),
            ("<abort", "", "aborted"),
        ])
    func failures(start: String, message: String, condition: String) {
        let play = opened()
        let name = start.dropFirst().prefix { $0 != " " }
        play.device("\(start) \(Self.namespace)>\(message)</\(name)>")
        play.server(failure(condition))
        #expect(!play.isOver)
        play.device(auth("PLAIN", encoded("\0ann\0secret")))
        play.server("<success \(Self.namespace)/>")
    }

    @Test("can be given up in the middle, and begun again")
    func abort() throws {
        let play = opened()
        var client = SCRAMClient(mechanism: .sha256, username: "ann", password: "secret")
        let challenge = try challenged(play, .sha256, client)
        play.device("<abort \(Self.namespace)/>")
        play.server(failure("aborted"))
        play.device(response(Base64.encode(try client.answer(Array(challenge.utf8)))))
        play.server(failure("malformed-request"))
        play.device(auth("PLAIN", encoded("\0ann\0secret")))
        play.server("<success \(Self.namespace)/>")
    }

    @Test("ends after five failures, with an error")
    func tooMany() {
        let play = opened()
        let wrong = auth("PLAIN", encoded("\0ann\0wrong"))
        for _ in 0..<4 {
            play.device(wrong)
            play.server(failure("not-authorized"))
        }
        play.device(wrong)
        play.server(
            failure("not-authorized")
                + #"<stream:error><policy-violation xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>"#
                + #"<text xmlns="urn:ietf:params:xml:ns:xmpp-streams" xml:lang="en">Too many logins failed.</text></stream:error></stream:stream>"#
        )
        play.house(.close)
    }

    @Test("fails for a while when the store cannot be read, which is no failed login")
    func storeFails() {
        let play = opened()
        play.failure = .storeUnavailable
        for message in [auth("PLAIN", encoded("\0ann\0secret")), auth("SCRAM-SHA-1", encoded("n,,n=ann,r=abc"))] {
            play.device(message)
            play.server(failure("temporary-auth-failure"))
        }
        #expect(play.counted.isEmpty)
        play.failure = nil
        play.device(auth("PLAIN", encoded("\0ann\0secret")))
        play.server("<success \(Self.namespace)/>")
    }

    @Test("is not possible twice")
    func twice() {
        let play = Screenplay(isEncrypted: true)
        play.authenticate()
        play.device(auth("PLAIN", encoded("\0bob\0hunter2")))
        #expect(play.takeOutput().hasPrefix("<stream:error><not-authorized "))
        play.house(.close)
    }
}
