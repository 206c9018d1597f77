import ApusCore
import Testing

@testable import ApusXMPP

@Suite("What AndroidPN devices say (seed 000)")
struct AndroidPNTests {
    private static let to = #"to="ann@example.org/AndroidpnClient""#

    private func loggedIn() -> Screenplay {
        let play = Screenplay()
        play.logIn()
        play.becomeAvailable()
        return play
    }

    private func badRequest(_ payload: String, _ text: String) -> String {
        #"<iq type="error" id="1" \#(Self.to)>\#(payload)<error code="400" type="modify"><bad-request \#(Screenplay.stanzas)/>"#
            + "<text \(Screenplay.stanzas)>\(text)</text></error></iq>"
    }

    // MARK: Receipts

    @Test(
        "an empty result for a notification acknowledges it, and is not answered",
        arguments: [
            #"<iq type="result" id="13866063"/>"#, #"<iq type="result" id="13866063"> </iq>"#,
            #"<iq type="result" id="13866063" from="ann@example.org/AndroidpnClient" to="example.org"/>"#,
            #"<iq id="13866063" type="result" from="ann@192.168.167.131/AndroidpnClient"></iq>"#,
        ])
    func result(line: String) {
        let play = loggedIn()
        play.device(line)
        play.serverIsSilent()
        play.house(.confirm(13_866_063, .acknowledged))
        play.device(line)
        play.house(.confirm(13_866_063, .acknowledged))
        #expect(play.counted.suffix(2) == [.resultReceipt, .resultReceipt])
    }

    @Test(
        "a result that is not for a notification is passed over",
        arguments: [
            #"<iq type="result" id="857-94"/>"#, #"<iq type="result"/>"#, #"<iq type="result" id="0"/>"#,
            #"<iq type="result" id="-5"/>"#, #"<iq type="result" id="99999999999999999999"/>"#,
            #"<iq type="result" id="7"><query xmlns="jabber:iq:version"/></iq>"#,
        ])
    func otherResult(line: String) {
        let play = loggedIn()
        play.device(line)
        play.serverIsSilent()
        play.house()
    }

    @Test("an error for a notification confirms nothing, whatever case its type is in")
    func error() {
        let play = loggedIn()
        play.device(
            #"<iq type="error" id="13866063"><error code="501" type="CANCEL"><feature-not-implemented \#(Screenplay.stanzas)/></error></iq>"#
        )
        play.serverIsSilent()
        play.house()
        #expect(play.counted.last == .errorAnswer)
    }

    @Test(
        "a confirmation counts in every dialect",
        arguments: [
            #"<deliverconfirm xmlns="androidpn:iq:deliverconfirm"><uuid>13866063</uuid></deliverconfirm>"#,
            #"<notification xmlns="androidpn:iq:deliverconfirm"><uuid>13866063</uuid></notification>"#,
            #"<deliverconfirm xmlns="androidpn:iq:deliverconfirm"><notificationId>13866063</notificationId></deliverconfirm>"#,
            #"<confirm xmlns="androidpn:iq:confirm"><uuid>13866063</uuid></confirm>"#,
            #"<confirm xmlns="androidpn:iq:confirm"><username>ann</username><uuid>13866063</uuid></confirm>"#,
            #"<receipt xmlns="androidpn:iq:receipt"><uuid>13866063</uuid></receipt>"#,
            #"<deliverconfirm xmlns="androidpn:iq:deliverconfirm"> <uuid> 13866063 </uuid> </deliverconfirm> "#,
        ])
    func confirmation(payload: String) {
        let play = loggedIn()
        play.device(#"<iq id="1" type="set">\#(payload)</iq>"#)
        play.server(#"<iq type="result" id="1" \#(Self.to)/>"#)
        play.house(.confirm(13_866_063, .received))
        #expect(play.counted.last == .confirmReceipt)
    }

    @Test("a confirmation of nothing is refused", arguments: ["", "<uuid/>", "<uuid>abc</uuid>", "<other>1</other>"])
    func emptyConfirmation(children: String) {
        let play = loggedIn()
        let payload =
            children.isEmpty
            ? #"<confirm xmlns="androidpn:iq:confirm"/>"#
            : #"<confirm xmlns="androidpn:iq:confirm">\#(children)</confirm>"#
        play.device(#"<iq id="1" type="set">\#(payload)</iq>"#)
        play.server(badRequest(payload, "The uuid must be the id of a notification."))
        play.house()
    }

    @Test("confirmations count before the first presence and after the last")
    func unavailable() {
        let play = Screenplay()
        play.logIn()
        play.device(#"<iq type="result" id="7"/>"#)
        play.house(.confirm(7, .acknowledged))
    }

    // MARK: Alias and tags

    @Test(
        "an alias is set for one's own account",
        arguments: [
            "<username>ann</username><alias>anna</alias>", "<userName>ANN</userName><alias>anna</alias>",
            "<alias> anna </alias>", "<username/><alias>anna</alias>",
            "<username>ann@example.org</username><alias>anna</alias>",
        ])
    func setAlias(children: String) {
        let play = loggedIn()
        play.device(#"<iq id="1" type="set"><setalias xmlns="androidpn:iq:setalias">\#(children)</setalias></iq>"#)
        play.server(#"<iq type="result" id="1" \#(Self.to)/>"#)
        #expect(play.changes == [.setAlias("anna", "ann")])
    }

    @Test("an alias must have 1 to 255 bytes")
    func aliasLength() {
        let play = loggedIn()
        for alias in ["", " ", String(repeating: "é", count: 128)] {
            let content = alias.isEmpty ? "<alias/>" : "<alias>\(alias)</alias>"
            let payload = #"<setalias xmlns="androidpn:iq:setalias">\#(content)</setalias>"#
            play.device(#"<iq id="1" type="set">\#(payload)</iq>"#)
            play.server(badRequest(payload, "The alias must have 1 to 255 bytes."))
        }
        #expect(play.changes.isEmpty)
        let longest = String(repeating: "a", count: 255)
        play.device(
            #"<iq id="1" type="set"><setalias xmlns="androidpn:iq:setalias"><alias>\#(longest)</alias></setalias></iq>"#
        )
        #expect(play.changes == [.setAlias(longest, "ann")])
    }

    @Test("tags are one text with commas, and replace those there were")
    func setTags() {
        let play = loggedIn()
        for tags in ["<tags>a,b,c</tags>", "<username>ann</username><tags> a , b,, c ,</tags>"] {
            play.device(#"<iq id="1" type="set"><settags xmlns="androidpn:iq:settags">\#(tags)</settags></iq>"#)
            play.server(#"<iq type="result" id="1" \#(Self.to)/>"#)
            #expect(play.changes.last == .setTags(["a", "b", "c"], "ann"))
        }
        play.device(#"<iq id="1" type="set"><settags xmlns="androidpn:iq:settags"><tags/></settags></iq>"#)
        play.server(#"<iq type="result" id="1" \#(Self.to)/>"#)
        #expect(play.changes.last == .setTags([], "ann"))
    }

    @Test("tags are 100 at most, of 255 bytes")
    func tagLimits() {
        let play = loggedIn()
        for tags in [Array(repeating: "t", count: 101).joined(separator: ","), String(repeating: "t", count: 256)] {
            let payload = #"<settags xmlns="androidpn:iq:settags"><tags>\#(tags)</tags></settags>"#
            play.device(#"<iq id="1" type="set">\#(payload)</iq>"#)
            play.server(badRequest(payload, "There may be 100 tags of 255 bytes with commas between them."))
        }
        #expect(play.changes.isEmpty)
    }

    @Test("nobody sets an alias or tags of somebody else", arguments: ["bob", "ann@elsewhere.org", "an n"])
    func otherUser(name: String) {
        let play = loggedIn()
        for payload in [
            #"<setalias xmlns="androidpn:iq:setalias"><username>\#(name)</username><alias>a</alias></setalias>"#,
            #"<settags xmlns="androidpn:iq:settags"><userName>\#(name)</userName><tags>a</tags></settags>"#,
        ] {
            play.device(#"<iq id="1" type="set">\#(payload)</iq>"#)
            play.server(
                #"<iq type="error" id="1" \#(Self.to)>\#(payload)<error code="403" type="auth"><forbidden \#(Screenplay.stanzas)/>"#
                    + "<text \(Screenplay.stanzas)>The user name is not yours.</text></error></iq>")
        }
        #expect(play.changes.isEmpty)
    }

    @Test("a change that could not be written is answered with why")
    func storeFails() {
        let play = loggedIn()
        play.failure = .storeUnavailable
        play.device(#"<iq id="1" type="set"><setalias xmlns="androidpn:iq:setalias"><alias>a</alias></setalias></iq>"#)
        #expect(play.takeOutput().contains(#"<error code="500" type="wait"><resource-constraint "#))
    }

    // MARK: The rest

    @Test("requests of other descendants are answered with 503, and so is a get of ours")
    func unknown() {
        let play = loggedIn()
        for (type, payload) in [
            ("set", #"<registration xmlns="androidpn:iq:registration"/>"#),
            ("set", #"<deviceinfo xmlns="androidpn:iq:deviceinfo"><imei>1</imei></deviceinfo>"#),
            ("get", #"<deliverconfirm xmlns="androidpn:iq:deliverconfirm"><uuid>1</uuid></deliverconfirm>"#),
            ("get", #"<setalias xmlns="androidpn:iq:setalias"><alias>a</alias></setalias>"#),
            ("get", #"<settags xmlns="androidpn:iq:settags"><tags>a</tags></settags>"#),
        ] {
            play.device(#"<iq id="1" type="\#(type)">\#(payload)</iq>"#)
            play.server(
                #"<iq type="error" id="1" \#(Self.to)>\#(payload)<error code="503" type="cancel"><service-unavailable \#(Screenplay.stanzas)/></error></iq>"#
            )
        }
        play.house()
    }

    @Test("the dialogue of the seed goes as it is written there")
    func seed() {
        let play = Screenplay { $0.offersTLS = true }
        play.device(Screenplay.header.replacing("example.org", with: "192.168.167.131"))
        #expect(
            play.takeOutput().contains(
                #"<stream:features><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#))
        play.device(#"<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#)
        play.server(#"<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#)
        play.device(Screenplay.header.replacing("example.org", with: "127.0.0.1"))
        #expect(play.takeOutput().hasSuffix(Screenplay.legacyFeatures + "</stream:features>"))
        play.device(
            #"<iq id="5yf2Q-192" type="get"><query xmlns="jabber:iq:auth"><username>ann</username></query></iq>"#)
        play.server(
            #"<iq type="result" id="5yf2Q-192"><query xmlns="jabber:iq:auth"><username>ann</username><password/><digest/><resource/></query></iq>"#
        )
        let digest = LegacyDigest.hex(streamID: play.session.streamID, password: "secret")
        play.device(
            #"<iq id="5yf2Q-193" type="set"><query xmlns="jabber:iq:auth"><username>ann</username><digest>\#(digest)</digest><resource>AndroidpnClient</resource></query></iq>"#
        )
        play.server(#"<iq type="result" id="5yf2Q-193" \#(Self.to)/>"#)
        play.device(#"<presence id="5yf2Q-195"></presence>"#)
        play.house(.startTLS, .claim("ann"), .attach("ann"))
    }
}
