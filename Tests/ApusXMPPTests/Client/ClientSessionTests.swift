import ApusCore
import Testing

@testable import ApusXMPP

@Suite("A client's own stream (RFC 6120)")
struct ClientSessionTests {
    private typealias Lines = ClientLines

    private func play(
        isLoopback: Bool = false, _ change: (inout XMPPClientSettings) -> Void = { _ in }
    ) throws -> ClientPlay<ClientSession> {
        ClientPlay(ClientSession(try Lines.settings(change)), isLoopback: isLoopback)
    }

    // MARK: TLS

    @Test("is encrypted before the server learns who it is")
    func startTLS() throws {
        try play().encrypt()
    }

    @Test("takes nothing for encrypted that came before")
    func injection() throws {
        let play = try play()
        play.server(Lines.features(Lines.startTLS))
        play.server(Lines.proceed + Lines.features(Screenplay.mechanisms("PLAIN")))
        #expect(play.takeOutput().hasSuffix(Lines.header))
        play.outcome(.startsTLS)
    }

    @Test("ends without TLS, unless the server is on this machine and may do without")
    func withoutTLS() throws {
        for (isLoopback, mayStayPlain) in [(false, false), (true, false), (false, true), (true, true)] {
            let play = try play(isLoopback: isLoopback) { $0.allowsPlainOnLoopback = mayStayPlain }
            _ = play.takeOutput()
            play.server(Lines.features(Screenplay.mechanisms("SCRAM-SHA-1")))
            if isLoopback, mayStayPlain {
                #expect(play.takeOutput().hasPrefix("<auth"))
            } else {
                play.client("</stream:stream>")
                #expect(play.takeEnding() == .refused("The server does not offer TLS."))
            }
        }
    }

    @Test("is tried again if the server cannot encrypt it just now")
    func tlsFailure() throws {
        let play = try play()
        play.server(Lines.features(Lines.startTLS) + #"<failure xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#)
        #expect(play.takeEnding()?.needsAttention == false)
    }

    // MARK: SASL

    @Test("proves who it is with the best mechanism that both have", arguments: SCRAMMechanism.allCases)
    func scram(mechanism: SCRAMMechanism) throws {
        for sendsProofAlone in [false, true] {
            let play = try play()
            play.encrypt()
            let weaker = SCRAMMechanism.allCases.drop { $0 != mechanism }.map(\.rawValue)
            let offered = (["PLAIN"] + weaker.reversed()).map { "<mechanism>\($0)</mechanism>" }.joined()
            play.server(
                Lines.features(#"<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl">\#(offered)</mechanisms>"#))
            let credentials = try #require(
                SCRAMCredentials(password: "secret", salt: [1, 2, 3], iterations: 4096, mechanism: mechanism))
            var server = SCRAMServer(mechanism: mechanism, domain: "example.org")
            let auth = try element(play.takeOutput())
            #expect(auth.attribute("mechanism") == mechanism.rawValue)
            #expect(try server.receiveFirst(message(auth)).username == "ann")
            play.server(Lines.sasl("challenge", try server.challenge(for: credentials)))
            let proof = try server.receiveFinal(message(try element(play.takeOutput())))
            if sendsProofAlone {
                play.server(Lines.sasl("challenge", proof))
                play.client(Lines.sasl("response"))
                play.server(Lines.sasl("success"))
            } else {
                play.server(Lines.sasl("success", proof))
            }
            play.client(Lines.header)
            play.outcome()
        }
    }

    @Test("does not trust a server that cannot prove that it knows the password", arguments: ["success", "challenge"])
    func impostor(name: String) throws {
        for proof in [[], Array("v=AAAA".utf8)] {
            let play = try play()
            play.encrypt()
            play.server(Lines.features(Screenplay.mechanisms("SCRAM-SHA-256")))
            var server = SCRAMServer(mechanism: .sha256, domain: "example.org")
            _ = try server.receiveFirst(message(try element(play.takeOutput())))
            let credentials = try #require(
                SCRAMCredentials(password: "guess", salt: [1], iterations: 4096, mechanism: .sha256))
            play.server(Lines.sasl("challenge", try server.challenge(for: credentials)))
            #expect(play.takeOutput().hasPrefix("<response"))
            play.server(Lines.sasl(name, proof))
            play.client("</stream:stream>")
            #expect(play.takeEnding()?.needsAttention == true)
        }
        let early = try play()
        early.encrypt()
        early.server(Lines.features(Screenplay.mechanisms("SCRAM-SHA-256")) + Lines.sasl("success"))
        #expect(early.takeEnding()?.needsAttention == true)
    }

    @Test("says the password itself on no stream that is not encrypted")
    func plainPassword() throws {
        let play = try play(isLoopback: true) { $0.allowsPlainOnLoopback = true }
        _ = play.takeOutput()
        play.server(Lines.features(Screenplay.mechanisms("PLAIN")))
        play.client("</stream:stream>")
        #expect(
            play.takeEnding()
                == .refused("The server offers no way to log in that can be used here. It offers: PLAIN."))
    }

    @Test(
        "tells a wrong password from a server that has trouble",
        arguments: [("not-authorized", true), ("account-disabled", true), ("temporary-auth-failure", false)])
    func failure(condition: String, needsAttention: Bool) throws {
        let play = try play()
        play.encrypt()
        play.server(Lines.features(Screenplay.mechanisms("PLAIN")))
        play.server(#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><\#(condition)/></failure>"#)
        let ending = try #require(play.takeEnding())
        #expect(ending.needsAttention == needsAttention)
        #expect(!needsAttention || ending.reason.contains("ann@example.org"))
    }

    // MARK: Binding and presence

    @Test("binds its resource, and is available then")
    func bind() throws {
        for (priority, presence) in [
            (0, "<presence/>"), (-1, "<presence><priority>-1</priority></presence>"), (nil, ""),
        ] as [(Int8?, String)] {
            let play = try play { $0.priority = priority }
            play.authenticate()
            play.server(Lines.features(Lines.bindFeature))
            play.client(Lines.bind)
            play.server(Lines.bound)
            play.client(presence)
            play.outcome(.ready("ann@example.org/up", resumed: false))
        }
    }

    @Test("takes the address that the server gives it")
    func otherResource() throws {
        let play = try play()
        play.authenticate()
        play.server(Lines.features(Lines.bindFeature) + Lines.bound.replacing("/up<", with: "/up-2<"))
        play.outcome(.ready("ann@example.org/up-2", resumed: false))
    }

    @Test("ends if it cannot be bound", arguments: [("cancel", true), ("wait", false)])
    func bindError(type: String, needsAttention: Bool) throws {
        let play = try play()
        play.authenticate()
        play.server(
            Lines.features(Lines.bindFeature)
                + #"<iq type="error" id="bind"><error type="\#(type)"><conflict \#(Screenplay.stanzas)/></error></iq>"#)
        #expect(play.takeEnding()?.needsAttention == needsAttention)
    }

    // MARK: Stanzas

    @Test("passes on what comes, and answers pings itself")
    func stanzas() throws {
        let play = try play()
        play.logIn()
        play.server(#"<message from="up.example.org" to="ann@example.org/up"><body>hi</body></message>"#)
        play.outcome(.stanza(#"<message from="up.example.org" to="ann@example.org/up"><body>hi</body></message>"#))
        play.server(#"<iq type="get" id="p1" from="example.org"><ping xmlns="urn:xmpp:ping"/></iq>"#)
        play.client(#"<iq type="result" id="p1" to="example.org"/>"#)
        play.outcome()
    }

    @Test("asks for a sign of life, which any answer is")
    func ping() throws {
        for answer in [#"type="result"/>"#, #"type="error"><error type="cancel"/></iq>"#] {
            let play = try play()
            play.logIn()
            play.ping()
            play.client(#"<iq type="get" id="apus-stream-1" to="example.org"><ping xmlns="urn:xmpp:ping"/></iq>"#)
            play.server(#"<iq from="eve@example.org/x" id="apus-stream-1" type="result"/>"#)
            play.outcome(.stanza(#"<iq from="eve@example.org/x" id="apus-stream-1" type="result"/>"#))
            play.server(#"<iq from="example.org" id="apus-stream-1" "# + answer)
            play.outcome()
        }
    }

    @Test("sends nothing before it is ready")
    func early() throws {
        let play = try play()
        play.encrypt()
        try play.send("<message/>")
        play.ping()
        play.client("")
    }

    // MARK: The end

    @Test("ends in order when nobody needs it any more, and cannot be resumed")
    func close() throws {
        let play = try play()
        play.logIn()
        play.close()
        play.client("</stream:stream>")
        play.outcome(.ended(nil))
        #expect(play.breakConnection() == nil)
    }

    @Test(
        "tells what helps after an error of the server's",
        arguments: [
            ("conflict", true), ("not-authorized", true), ("host-unknown", true), ("system-shutdown", false),
            ("connection-timeout", false), ("undefined-condition", false), ("policy-violation", false),
        ])
    func streamError(condition: String, needsAttention: Bool) throws {
        let play = try play()
        play.logIn()
        play.server(
            #"<stream:error><\#(condition) xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>"#)
        play.client("</stream:stream>")
        let ending = try #require(play.takeEnding())
        #expect(ending.needsAttention == needsAttention && ending.reason.contains(condition))
    }

    @Test("learns where the server wants it instead")
    func seeOtherHost() throws {
        let play = try play()
        play.server(
            Lines.answer
                + #"<stream:error><see-other-host xmlns="urn:ietf:params:xml:ns:xmpp-streams">b.example.org:9222"#
                + "</see-other-host></stream:error>")
        let ending = try #require(play.takeEnding())
        #expect(!ending.needsAttention && ending.otherHost == StreamEndpoint(host: "b.example.org", port: 9222))
    }

    @Test(
        "ends with an error for what does not belong there",
        arguments: [
            ("<x/>", "unsupported-stanza-type"), ("<iq", ""), ("<iq></presence>", "not-well-formed"),
            ("<!-- -->", "restricted-xml"), (#"<resumed xmlns="urn:xmpp:sm:3"/>"#, "unsupported-stanza-type"),
            (#"<a xmlns="urn:xmpp:sm:3" h="99"/>"#, "undefined-condition"),
        ])
    func nonsense(text: String, condition: String) throws {
        let play = try play()
        play.logIn()
        play.server(text)
        let output = play.takeOutput()
        #expect(condition.isEmpty ? output.isEmpty : output.contains("<\(condition) "))
        #expect((play.takeEnding() == nil) == condition.isEmpty)
    }

    // MARK: What was sent

    private func element(_ text: String) throws -> XMLElement {
        guard case .element(let element) = try read(Lines.answer + text).last else { throw StreamError(.badFormat) }
        return element
    }

    private func message(_ element: XMLElement) throws -> [UInt8] { try #require(Base64.decode(element.text)) }
}
