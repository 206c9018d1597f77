import ApusCore
import Testing

@testable import ApusXMPP

@Suite("Logging in as AndroidPN devices do (XEP-0078)")
struct LegacyAuthTests {
    private func fields(_ name: String, _ id: String = "1") -> String {
        #"<iq id="\#(id)" type="get"><query xmlns="jabber:iq:auth"><username>\#(name)</username></query></iq>"#
    }

    /// `children` behind the user name.
    private func login(_ name: String, _ children: String, resource: String = "<resource>AndroidpnClient</resource>")
        -> String
    {
        #"<iq id="2" type="set"><query xmlns="jabber:iq:auth"><username>\#(name)</username>"#
            + children + resource + "</query></iq>"
    }

    private func digest(_ play: Screenplay, _ password: String) -> String {
        "<digest>\(LegacyDigest.hex(streamID: play.session.streamID, password: password))</digest>"
    }

    private func refused(_ request: String, _ error: String, text: String? = nil) -> String {
        let query = request.split(separator: ">", maxSplits: 1)[1].dropLast("</iq>".count)
        let text = text.map { "<text \(Screenplay.stanzas)>\($0)</text>" } ?? ""
        return #"<iq type="error" id="2">\#(query)<error \#(error) \#(Screenplay.stanzas)/>\#(text)</error></iq>"#
    }

    private static let notAuthorized = #"code="401" type="auth"><not-authorized"#
    private static let notAcceptable = #"code="406" type="modify"><not-acceptable"#

    // MARK: Which fields

    @Test("tells that a digest and a resource are needed, and on an encrypted stream that a password does too")
    func fieldsAreTold() {
        let play = Screenplay()
        play.open()
        play.device(fields("ann"))
        play.server(
            #"<iq type="result" id="1"><query xmlns="jabber:iq:auth"><username>ann</username><digest/><resource/></query></iq>"#
        )
        let encrypted = Screenplay(isEncrypted: true)
        encrypted.open()
        encrypted.device(fields("ann"))
        encrypted.server(
            #"<iq type="result" id="1"><query xmlns="jabber:iq:auth"><username>ann</username><password/><digest/><resource/></query></iq>"#
        )
    }

    @Test("offers no digest for an account of whose password only keys are kept")
    func noDigest() {
        let play = Screenplay(isEncrypted: true)
        play.open()
        play.device(fields("bob"))
        play.server(
            #"<iq type="result" id="1"><query xmlns="jabber:iq:auth"><username>bob</username><password/><resource/></query></iq>"#
        )
    }

    @Test("answers for a name that nobody has as for one that somebody has, and always the same")
    func unknownFields() {
        let known = ["ann", "bob"].map { name in
            let play = Screenplay(isEncrypted: true)
            play.open()
            play.device(fields(name))
            return play.takeOutput().replacing(name, with: "NAME")
        }
        for name in (0..<40).map({ "stranger\($0)" }) + ["gone", "no body", "a@elsewhere.org"] {
            let play = Screenplay(isEncrypted: true)
            play.open()
            play.device(fields(name))
            let answer = play.takeOutput()
            #expect(known.contains(answer.replacing(name, with: "NAME")), "\(name)")
            play.device(fields(name))
            #expect(play.takeOutput() == answer)
        }
    }

    // MARK: Logging in

    @Test("takes a digest, and needs no binding after it")
    func digestLogin() {
        let play = Screenplay()
        play.open()
        play.device(login("ann", digest(play, "secret")))
        play.server(#"<iq type="result" id="2" to="ann@example.org/AndroidpnClient"/>"#)
        play.house(.claim("ann"))
        #expect(play.session.phase == .bound && play.session.login?.usesNotifications == true)
        #expect(play.counted == [.legacyLogin])
        play.device("<presence/>")
        play.house(.attach("ann"))
    }

    @Test("takes a digest in capitals")
    func capitals() {
        let play = Screenplay()
        play.open()
        play.device(login("ann", digest(play, "secret").uppercased().replacing("DIGEST", with: "digest")))
        play.server(#"<iq type="result" id="2" to="ann@example.org/AndroidpnClient"/>"#)
    }

    @Test("takes a digest of the encrypted stream's own id")
    func digestAfterTLS() {
        let play = Screenplay { $0.offersTLS = true }
        play.open()
        let early = digest(play, "secret")
        play.device(#"<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#)
        play.open()
        let request = login("ann", early)
        play.device(request)
        play.server(refused(request, Self.notAuthorized))
        play.device(login("ann", digest(play, "secret")))
        play.server(#"<iq type="result" id="2" to="ann@example.org/AndroidpnClient"/>"#)
    }

    @Test("takes a password on an encrypted stream", arguments: [("ann", "secret"), ("bob", "hunter2")])
    func passwordLogin(name: String, password: String) {
        let play = Screenplay(isEncrypted: true)
        play.open()
        play.device(login(name, "<password>\(password)</password>"))
        play.server(#"<iq type="result" id="2" to="\#(name)@example.org/AndroidpnClient"/>"#)
        play.house(.claim(name))
    }

    @Test("takes no password on a stream that is not encrypted, unless that is allowed")
    func plainPassword() {
        let play = Screenplay()
        play.open()
        let request = login("ann", "<password>secret</password>")
        play.device(request)
        play.server(refused(request, Self.notAcceptable, text: "Encrypt the stream, or use a digest."))
        let lax = Screenplay { $0.allowsPlainPasswords = true }
        lax.open()
        lax.device(request)
        lax.server(#"<iq type="result" id="2" to="ann@example.org/AndroidpnClient"/>"#)
    }

    @Test("answers a wrong password, a wrong digest, nobody's name and a name that cannot be with the same 401")
    func wrong() {
        let names = ["ann", "bob", "nobody", "gone", "no body", "ann@elsewhere.org", "ann@example.org/phone", "@", ""]
        for name in names {
            let play = Screenplay(isEncrypted: true)
            play.open()
            for proof in ["<password>wrong</password>", digest(play, "wrong"), "<digest>00</digest>"] {
                let request = login(name, proof)
                play.device(request)
                let query = name.isEmpty ? request.replacing("<username></username>", with: "<username/>") : request
                play.server(refused(query, Self.notAuthorized))
            }
            play.house()
            #expect(play.counted == [.loginFailed, .loginFailed, .loginFailed])
        }
    }

    @Test("does not let in an account that was unregistered, with the right password")
    func inactive() {
        let play = Screenplay(isEncrypted: true)
        play.open()
        for proof in ["<password>secret</password>", digest(play, "secret")] {
            let request = login("gone", proof)
            play.device(request)
            play.server(refused(request, Self.notAuthorized))
        }
    }

    @Test(
        "takes a name in capitals, and one with our domain", arguments: ["ANN", "ann@example.org", "Ann@Example.ORG"])
    func names(name: String) {
        let play = Screenplay()
        play.open()
        play.device(login(name, digest(play, "secret")))
        play.server(#"<iq type="result" id="2" to="ann@example.org/AndroidpnClient"/>"#)
    }

    @Test("does not take a name with another domain")
    func otherDomain() {
        let play = Screenplay()
        play.open()
        let request = login("ann@elsewhere.org", digest(play, "secret"))
        play.device(request)
        play.server(refused(request, Self.notAuthorized))
    }

    @Test("wants a resource", arguments: ["", "<resource/>"])
    func noResource(resource: String) {
        let play = Screenplay()
        play.open()
        let request = login("ann", digest(play, "secret"), resource: resource)
        play.device(request)
        play.server(refused(request, Self.notAcceptable, text: "A resource is needed."))
    }

    @Test("wants a digest or a password")
    func noProof() {
        let play = Screenplay()
        play.open()
        let request = login("ann", "")
        play.device(request)
        play.server(refused(request, Self.notAcceptable, text: "A digest or a password is needed."))
        #expect(play.counted.isEmpty, "it was no attempt")
    }

    @Test("may be tried again on the same stream, five times")
    func attempts() {
        let play = Screenplay()
        play.open()
        let wrong = login("ann", "<digest>00</digest>")
        for _ in 0..<4 {
            play.device(wrong)
            play.server(refused(wrong, Self.notAuthorized))
        }
        let last = Screenplay()
        last.open()
        for _ in 0..<4 { last.device(wrong) }
        _ = last.takeOutput()
        last.device(login("ann", digest(last, "secret")))
        last.server(#"<iq type="result" id="2" to="ann@example.org/AndroidpnClient"/>"#)
        play.device(wrong)
        play.server(
            refused(wrong, Self.notAuthorized)
                + #"<stream:error><policy-violation xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>"#
                + #"<text xmlns="urn:ietf:params:xml:ns:xmpp-streams" xml:lang="en">Too many logins failed.</text></stream:error></stream:stream>"#
        )
        play.house(.close)
    }

    @Test("says so when the store cannot be read, which is no failed login")
    func storeFails() {
        let play = Screenplay()
        play.open()
        play.failure = .storeUnavailable
        let request = login("ann", digest(play, "secret"))
        play.device(request)
        play.server(
            refused(
                request, #"code="500" type="wait"><resource-constraint"#,
                text: "The store cannot be read or written now. Try again later."))
        #expect(play.counted.isEmpty)
        play.failure = nil
        play.device(request)
        play.server(#"<iq type="result" id="2" to="ann@example.org/AndroidpnClient"/>"#)
    }

    @Test("takes what came behind the login once that is answered, in its order")
    func pipelined() {
        let play = Screenplay()
        play.open()
        play.answersLater = true
        play.device(
            login("ann", digest(play, "secret"))
                + #"<iq id="3" type="get"><query xmlns="jabber:iq:roster"/></iq><presence id="4"/>"#)
        play.serverIsSilent()
        #expect(play.isAsking)
        play.answerNow()
        play.server(
            #"<iq type="result" id="2" to="ann@example.org/AndroidpnClient"/>"#
                + #"<iq type="result" id="3" to="ann@example.org/AndroidpnClient"><query xmlns="jabber:iq:roster"/></iq>"#
                + #"<presence id="4" from="ann@example.org/AndroidpnClient" to="ann@example.org/AndroidpnClient"/>"#)
        play.house(.claim("ann"), .attach("ann"))
    }

    @Test("refuses every other IQ before it with 401")
    func otherIQ() {
        let play = Screenplay()
        play.open()
        play.device(#"<iq id="1" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#)
        play.server(
            #"<iq type="error" id="1"><ping xmlns="urn:xmpp:ping"/><error \#(Self.notAuthorized) \#(Screenplay.stanzas)/></error></iq>"#
        )
        play.device(#"<iq id="2" type="get"/>"#)
        play.server(
            #"<iq type="error" id="2"><error code="400" type="modify"><bad-request \#(Screenplay.stanzas)/></error></iq>"#
        )
        play.device(#"<iq id="3" type="result"/><iq id="4" type="error"/>"#)
        play.serverIsSilent()
        #expect(!play.isOver)
    }

    @Test("is no longer possible once the client is known")
    func twice() {
        let play = Screenplay()
        play.logIn()
        play.device(fields("bob"))
        #expect(play.takeOutput().contains(#"<error code="503" type="cancel"><service-unavailable "#))
    }
}
