import ApusCore
import Testing

@testable import ApusXMPP

@Suite("Registration (XEP-0077)")
struct RegistrationTests {
    private func set(_ children: String, id: String = "1") -> String {
        #"<iq id="\#(id)" type="set"><query xmlns="jabber:iq:register">\#(children)</query></iq>"#
    }

    private func refused(_ children: String, _ error: String, text: String? = nil, to: String = "") -> String {
        let text = text.map { "<text \(Screenplay.stanzas)>\($0)</text>" } ?? ""
        let query =
            children.isEmpty
            ? #"<query xmlns="jabber:iq:register"/>"# : #"<query xmlns="jabber:iq:register">\#(children)</query>"#
        return #"<iq type="error" id="1"\#(to)>\#(query)<error \#(error) \#(Screenplay.stanzas)/>\#(text)</error></iq>"#
    }

    private static let notAcceptable = #"code="406" type="modify"><not-acceptable"#
    private static let needed = "A user name and a password are needed."

    // MARK: New accounts

    @Test("tells which fields there are")
    func fields() {
        let play = Screenplay()
        play.open()
        play.device(#"<iq id="1" type="get"><query xmlns="jabber:iq:register"/></iq>"#)
        play.server(
            #"<iq type="result" id="1"><query xmlns="jabber:iq:register"><username/><password/><email/><name/></query></iq>"#
        )
    }

    @Test("takes a name and a password in any order, beside fields that it does not know")
    func register() {
        let name = "9278a6a6a33b47cfa6bfd212b226440c"
        for children in [
            "<password>p4ss</password><username>\(name)</username>",
            "<username>\(name)</username><password>p4ss</password>",
            "<deviceId>1</deviceId><password>p4ss</password><email/><username>\(name)</username><name>x</name>",
            "<username>\(name.uppercased())</username><password>p4ss</password>",
            "<username>\(name)@example.org</username><password>p4ss</password>",
        ] {
            let play = Screenplay()
            play.open()
            play.device(set(children))
            play.server(#"<iq type="result" id="1"/>"#)
            #expect(play.changes == [.register(name, "p4ss")])
        }
    }

    @Test("is followed by a login on the same stream")
    func registerAndLogIn() {
        let play = Screenplay()
        play.open()
        play.device(set("<username>carl</username><password>p</password>"))
        play.server(#"<iq type="result" id="1"/>"#)
        #expect(play.session.phase == .authenticating)
        play.house()
    }

    @Test("answers 409 if the name is taken")
    func conflict() {
        let play = Screenplay()
        play.open()
        let children = "<password>p</password><username>ann</username>"
        play.device(set(children))
        play.server(
            refused(
                children, #"code="409" type="cancel"><conflict"#,
                text: "There is a user ann already. Choose another name."))
        #expect(!play.isOver)
    }

    @Test(
        "answers 406 without a name or without a password",
        arguments: [
            "", "<username>carl</username>", "<password>p</password>", "<username/><password>p</password>",
            "<username>carl</username><password/>",
        ])
    func missing(children: String) {
        let play = Screenplay()
        play.open()
        play.device(set(children))
        play.server(refused(children, Self.notAcceptable, text: Self.needed))
        #expect(play.changes.isEmpty)
    }

    @Test("answers 400 for a name that no account can have", arguments: ["a b", "a/b", "carl@elsewhere.org", "@"])
    func malformedName(name: String) {
        let play = Screenplay()
        play.open()
        let children = "<username>\(name)</username><password>p</password>"
        play.device(set(children))
        play.server(refused(children, #"code="400" type="modify"><jid-malformed"#))
    }

    @Test("answers 401 to somebody unknown who wants an account removed")
    func removeUnknown() {
        let play = Screenplay()
        play.open()
        play.device(set("<remove/>"))
        play.server(refused("<remove/>", #"code="401" type="auth"><not-authorized"#))
        #expect(play.changes.isEmpty)
    }

    @Test("is refused where there is none")
    func off() {
        let play = Screenplay { $0.registrationApp = nil }
        play.open()
        let children = "<username>carl</username><password>p</password>"
        play.device(set(children))
        play.server(
            refused(
                children, #"code="405" type="cancel"><not-allowed"#, text: "Accounts are made by the administrator."))
        #expect(play.changes.isEmpty)
    }

    @Test("says why it failed")
    func fails() {
        let play = Screenplay()
        play.open()
        play.failure = StanzaError(ApusError.storeUnavailable)
        let children = "<username>carl</username><password>p</password>"
        play.device(set(children))
        play.server(
            refused(
                children, #"code="500" type="wait"><resource-constraint"#, text: ApusError.storeUnavailable.message))
    }

    // MARK: The account one has

    private let to = #" to="ann@example.org/AndroidpnClient""#

    @Test("tells who is registered")
    func registered() {
        let play = Screenplay()
        play.logIn()
        play.device(#"<iq id="1" type="get"><query xmlns="jabber:iq:register"/></iq>"#)
        play.server(
            #"<iq type="result" id="1"\#(to)><query xmlns="jabber:iq:register"><registered/><username>ann</username><password/></query></iq>"#
        )
    }

    @Test("changes the password of one's own account, also where there is no registration")
    func changePassword() {
        for children in ["<username>ann</username><password>new</password>", "<password>new</password>"] {
            let play = Screenplay { $0.registrationApp = nil }
            play.logIn()
            play.device(set(children))
            play.server(#"<iq type="result" id="1"\#(to)/>"#)
            #expect(play.changes == [.setPassword("new", "ann")])
        }
    }

    @Test("does not change somebody else's password")
    func otherPassword() {
        let play = Screenplay()
        play.logIn()
        let children = "<username>bob</username><password>new</password>"
        play.device(set(children))
        play.server(
            refused(children, #"code="405" type="cancel"><not-allowed"#, text: "This is not your account.", to: to))
        #expect(play.changes.isEmpty)
    }

    @Test("does not change the password to none")
    func emptyPassword() {
        let play = Screenplay()
        play.logIn()
        play.device(set("<username>ann</username><password/>"))
        play.server(
            refused(
                "<username>ann</username><password/>", #"code="400" type="modify"><bad-request"#,
                text: "The new password is missing.", to: to))
    }

    @Test("removes the account, answers, and ends the stream")
    func remove() {
        let play = Screenplay()
        play.logIn()
        play.becomeAvailable()
        play.device(set("<remove/>"))
        play.server(
            #"<iq type="result" id="1"\#(to)/>"#
                + #"<stream:error><not-authorized xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>"#
                + #"<text xmlns="urn:ietf:params:xml:ns:xmpp-streams" xml:lang="en">The account was removed.</text></stream:error></stream:stream>"#
        )
        #expect(play.changes == [.remove("ann")])
        play.house(.detach, .close)
    }

    @Test("goes on if the account could not be removed")
    func removeFails() {
        let play = Screenplay()
        play.logIn()
        play.becomeAvailable()
        play.failure = .storeUnavailable
        play.device(set("<remove/>"))
        #expect(play.takeOutput().hasPrefix(#"<iq type="error" id="1""#))
        play.house()
        #expect(!play.isOver && play.session.isAvailable)
    }
}
