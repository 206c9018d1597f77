import Testing

@testable import ApusXMPP

@Suite("The beginning of a client's stream")
struct StreamOpeningTests {
    private static let starttls = #"<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#
    private static let proceed = #"<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#
    private static let scram = Screenplay.mechanisms("SCRAM-SHA-256", "SCRAM-SHA-1")
    private static let all = Screenplay.mechanisms("SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN")

    // MARK: The header and what is offered

    @Test("is answered with our name, an id and what can be done without encryption")
    func plain() {
        let play = Screenplay()
        play.device(Screenplay.header)
        play.server(
            Screenplay.answer + "<stream:features>" + Self.scram + Screenplay.legacyFeatures + "</stream:features>")
        #expect(1...15 ~= play.session.streamID.utf8.count)
        play.house()
    }

    @Test("offers passwords without encryption where that is allowed")
    func plainPasswords() {
        let play = Screenplay { $0.allowsPlainPasswords = true }
        play.device(Screenplay.header)
        play.server(
            Screenplay.answer + "<stream:features>" + Self.all + Screenplay.legacyFeatures + "</stream:features>")
    }

    @Test("offers encryption first, if there is any")
    func offersTLS() {
        let play = Screenplay { $0.offersTLS = true }
        play.device(Screenplay.header)
        play.server(
            Screenplay.answer + "<stream:features>" + Self.starttls + Self.scram + Screenplay.legacyFeatures
                + "</stream:features>")
    }

    @Test("offers nothing else where encryption is required")
    func requiresTLS() {
        let play = Screenplay {
            $0.offersTLS = true
            $0.requiresTLS = true
        }
        play.device(Screenplay.header)
        play.server(
            Screenplay.answer
                + #"<stream:features><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"><required/></starttls></stream:features>"#
        )
    }

    @Test("offers no registration where there is none")
    func noRegistration() {
        let play = Screenplay { $0.registrationApp = nil }
        play.device(Screenplay.header)
        play.server(
            Screenplay.answer + "<stream:features>" + Self.scram
                + #"<auth xmlns="http://jabber.org/features/iq-auth"/></stream:features>"#)
    }

    @Test("has another id each time")
    func identifiers() {
        var seen: Set<String> = []
        for _ in 0..<50 {
            let play = Screenplay()
            play.open()
            seen.insert(play.session.streamID)
        }
        #expect(seen.count == 50)
    }

    @Test("is taken whatever name the client has for us, and with its language")
    func otherName() {
        let play = Screenplay()
        play.device(
            "<?xml version='1.0'?>\n"
                + #"<stream:stream xml:lang="zh" to="192.168.167.131" from="ann@192.168.167.131" xmlns="jabber:client" "#
                + #"xmlns:stream="http://etherx.jabber.org/streams" version="1.0">"#)
        #expect(
            play.takeOutput().hasPrefix(play.filled(Screenplay.answer.replacing(#"lang="en""#, with: #"lang="zh""#))))
    }

    @Test("is taken without a version, as clients from before XMPP 1.0 send it")
    func noVersion() {
        let play = Screenplay()
        play.device(#"<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">"#)
        #expect(play.takeOutput().hasSuffix("</stream:features>"))
    }

    // MARK: Encryption

    @Test("is encrypted when asked to, and begins anew with another id and without that offer")
    func startTLS() {
        let play = Screenplay { $0.offersTLS = true }
        play.open()
        let first = play.session.streamID
        play.device(Self.starttls)
        play.server(Self.proceed)
        play.house(.startTLS)
        play.device(Screenplay.header)
        play.server(
            Screenplay.answer + "<stream:features>" + Self.all + Screenplay.legacyFeatures + "</stream:features>")
        #expect(play.session.streamID != first)
    }

    @Test("forgets what came unencrypted behind the request for encryption")
    func injection() {
        let play = Screenplay { $0.offersTLS = true }
        play.open()
        play.device(
            Self.starttls + Screenplay.header + #"<iq id="evil" type="get"><query xmlns="jabber:iq:auth"/></iq>"#)
        play.server(Self.proceed)
        play.device(Screenplay.header)
        #expect(!play.takeOutput().contains("evil"))
    }

    @Test("lets nobody log in or register unencrypted where encryption is required")
    func nothingBeforeTLS() {
        let play = Screenplay {
            $0.offersTLS = true
            $0.requiresTLS = true
        }
        play.open()
        for namespace in ["jabber:iq:auth", "jabber:iq:register"] {
            play.device(#"<iq id="1" type="get"><query xmlns="\#(namespace)"/></iq>"#)
            play.server(
                #"<iq type="error" id="1"><query xmlns="\#(namespace)"/><error code="406" type="modify">"#
                    + "<policy-violation \(Screenplay.stanzas)/><text \(Screenplay.stanzas)>Encrypt the stream first.</text></error></iq>"
            )
        }
        play.device(#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">AGFubgBzZWNyZXQ=</auth>"#)
        play.server(#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><encryption-required/></failure>"#)
        play.house()
    }

    @Test("fails to be encrypted where there is no encryption, or twice, and ends")
    func noTLS() {
        let plain = Screenplay()
        let encrypted = Screenplay(isEncrypted: true) { $0.offersTLS = true }
        for play in [plain, encrypted] {
            play.open()
            play.device(Self.starttls)
            play.server(#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-tls"/></stream:stream>"#)
            play.house(.close)
        }
    }

    @Test("offers a resource and stream management once the client has said who it is")
    func afterSASL() {
        let play = Screenplay(isEncrypted: true)
        play.authenticate()
        play.device(" ")
        play.serverIsSilent()
        let again = Screenplay(isEncrypted: true)
        again.open()
        again.device(#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">AGFubgBzZWNyZXQ=</auth>"#)
        again.server(#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#)
        let first = again.session.streamID
        again.device(Screenplay.header)
        again.server(Screenplay.answer + Screenplay.boundFeatures)
        #expect(again.session.streamID != first)
    }

    @Test("takes larger stanzas once the client is known")
    func limits() {
        let large = "<message><body>" + String(repeating: "a", count: 20_000) + "</body></message>"
        let stranger = Screenplay()
        stranger.open()
        stranger.device(large)
        #expect(stranger.takeOutput().contains("<policy-violation "))
        let known = Screenplay()
        known.logIn()
        known.device(large + #"<iq id="1" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#)
        known.server(#"<iq type="result" id="1" to="ann@example.org/AndroidpnClient"/>"#)
        #expect(!known.isOver)
    }
}
