import ApusCore
import ApusXMPP
import Testing

@testable import ApusDistributor

@Suite("The distributor and its applications")
struct DistributorRegistrationTests {
    @Test("a new application is answered when the gateway has answered, and then told its endpoint")
    func registers() throws {
        var scene = Scene()
        _ = scene.connect()
        let (call, asked) = try scene.register("tok")
        #expect(asked.questions == ["tok"])
        #expect(asked.answer(to: call) == nil)
        let granted = scene.grant(asked)
        #expect(granted.answer(to: call) == .succeeded)
        #expect(granted.call("NewEndpoint")?.destination == "org.example.App")
        #expect(granted.saved.map(\.endpoint?.url) == ["https://up/1"])
        #expect(granted.stanzas == [GatewayRequest.presence(to: .gultsch)])
        // On disk before anybody hears of it.
        let isSaved = try #require(granted.firstIndex { if case .save = $0 { true } else { false } })
        let isTold = try #require(granted.firstIndex { if case .sendToBus = $0 { true } else { false } })
        #expect(isSaved < isTold)
    }

    @Test("an application that is known has its endpoint at once, also without a connection")
    func known() throws {
        var scene = Scene(registrations: [try Scene.registered()])
        let (call, actions) = try scene.register("tok")
        #expect(actions.answer(to: call) == .succeeded)
        #expect(actions.call("NewEndpoint") != nil)
        #expect(actions.questions.isEmpty)
    }

    @Test("who registers before there is a connection is served when it comes")
    func waits() throws {
        var scene = Scene()
        let (call, actions) = try scene.register("tok")
        #expect(actions.isEmpty)
        let asked = scene.connect()
        #expect(asked.questions == ["tok"])
        #expect(scene.grant(asked).answer(to: call) == .succeeded)
    }

    @Test("who waits in vain hears of it while it still listens, and is forgotten")
    func waitsInVain() throws {
        var scene = Scene()
        let (call, _) = try scene.register("tok")
        let late = scene.wait(atMost: 24) ?? []
        #expect(late.answer(to: call) == .failed("NETWORK"))
        #expect(scene.connect().questions.isEmpty)
    }

    @Test("a gateway's refusal is told with its reason")
    func refused() throws {
        var scene = Scene()
        _ = scene.connect()
        let (call, asked) = try scene.register("tok")
        let refusal = LinkAnswer.refused(StanzaError(.forbidden), .stanza("iq", "error", from: "up.example.org"))
        #expect(scene.refuse(asked, with: refusal).answer(to: call) == .failed("UNAUTHORIZED"))
        #expect(scene.distributor.nextDeadline == nil)
    }

    @Test("somebody has to act if the account is not let in, or the server has no gateway")
    func actionRequired() throws {
        var scene = Scene()
        let (waiting, _) = try scene.register("one")
        #expect(scene.distributor.loginFailed("wrong password").answer(to: waiting) == .failed("ACTION_REQUIRED"))
        let (call, actions) = try scene.register("two")
        #expect(actions.answer(to: call) == .failed("ACTION_REQUIRED"))
        #expect(scene.distributor.problem == "wrong password")
        _ = scene.distributor.connected(as: .device, resumed: false, at: scene.now)
        #expect(scene.distributor.problem.isEmpty)
        _ = scene.distributor.searchEnded(.none, at: scene.now)
        let (next, answers) = try scene.register("three")
        #expect(answers.answer(to: next) == .failed("ACTION_REQUIRED"))
    }

    @Test("a token belongs to the application that registered it first")
    func foreignToken() throws {
        var scene = Scene(registrations: [try Scene.registered()])
        let (call, actions) = try scene.register("tok", service: "org.example.Thief")
        #expect(actions.answer(to: call) == .failed("UNAUTHORIZED"))
        #expect(actions.count == 1)
    }

    @Test("a call without a name or a token is answered")
    func invalid() throws {
        var scene = Scene()
        let (call, actions) = try scene.register("", service: "nonsense")
        #expect(actions.answer(to: call) == .failed("INTERNAL_ERROR"))
    }

    @Test("an application that calls over and over has eight calls waiting at most, and there are 1,000 applications")
    func bounded() throws {
        var scene = Scene()
        let first = try scene.register("tok").call
        for _ in 0..<7 { #expect(try scene.register("tok").actions.isEmpty) }
        let (_, actions) = try scene.register("tok")
        #expect(actions.answer(to: first) == .failed("INTERNAL_ERROR"))
        #expect(actions.busMessages.count == 1)
        for number in 0..<999 { _ = try scene.register("t\(number)") }
        let (call, refused) = try scene.register("one more")
        #expect(refused.answer(to: call) == .failed("INTERNAL_ERROR"))
    }

    @Test("each caller is answered in its own dialect")
    func dialects() throws {
        var scene = Scene()
        _ = scene.connect()
        let draft = scene.call(
            "org.unifiedpush.Distributor1", "Register", [.string("org.example.App"), .string("tok")])
        let asked = try scene.receive(draft)
        let first = scene.call(
            "org.unifiedpush.Distributor1", "Register",
            [.string("org.example.App"), .string("tok"), .string("News")])
        #expect(try scene.receive(first).isEmpty)
        let granted = scene.grant(asked)
        #expect(granted.answer(to: draft) == [.string("NEW_ENDPOINT"), .string("https://up/1")])
        #expect(granted.answer(to: first) == [.string("REGISTRATION_SUCCEEDED"), .string("")])
        #expect(granted.call("NewEndpoint")?.interface == "org.unifiedpush.Connector1")
    }

    @Test("a new VAPID key is told to the gateway before the application is answered")
    func vapid() throws {
        let key = "B" + String(repeating: "A", count: 86)
        var scene = Scene(registrations: [try Scene.registered()])
        _ = scene.connect()
        let (call, asked) = try scene.register("tok", vapid: key)
        #expect(asked.answer(to: call) == nil)
        guard case .askForEndpoint(let registration, _, _)? = asked.last else {
            Issue.record("the gateway is not asked")
            return
        }
        #expect(registration.vapidKey == key)
        #expect(scene.grant(asked).answer(to: call) == .succeeded)
        let (again, actions) = try scene.register("tok", vapid: key)
        #expect(actions.answer(to: again) == .succeeded)
    }

    @Test("a new VAPID key is not forgotten when the connection is lost meanwhile")
    func vapidLater() throws {
        var scene = Scene(registrations: [try Scene.registered()])
        _ = scene.connect()
        _ = try scene.register("tok", vapid: "B" + String(repeating: "A", count: 86))
        scene.distributor.disconnected()
        let (call, actions) = try scene.register("tok", vapid: "B" + String(repeating: "C", count: 86))
        #expect(actions.answer(to: call) == nil)
        let asked = scene.connect()
        #expect(asked.questions == ["tok"])
        #expect(scene.grant(asked).answer(to: call) == .succeeded)
    }

    // MARK: Unregistering

    @Test("who unregisters is told so, and the gateway too, when it can be")
    func unregisters() throws {
        let registration = try Scene.registered(dialect: .first)
        var scene = Scene(registrations: [registration])
        var call = scene.call("org.unifiedpush.Distributor1", "Unregister", [.string("tok")])
        call.expectsReply = false
        let departure = Departure(identity: registration.identity, gateway: .gultsch)
        #expect(
            try scene.receive(call) == [
                .remove(registration, departure),
                .sendToBus(ConnectorCall.unregistered(registration, confirms: true)),
            ])
        #expect(scene.connect().contains(.report(departure)))
        scene.distributor.reported(departure)
        scene.distributor.disconnected()
        #expect(!scene.connect().contains(.report(departure)))
    }

    @Test("the second version answers before it confirms, also for a token that nobody has")
    func unregistersSecond() throws {
        var scene = Scene(registrations: [try Scene.registered()])
        let call = scene.call("org.unifiedpush.Distributor2", "Unregister", [.dictionary(["token": .string("tok")])])
        let actions = try scene.receive(call)
        #expect(actions.answer(to: call) == [.dictionary([:])])
        #expect(actions.call("Unregistered")?.arguments == [.dictionary(["token": .string("tok")])])
        let again = scene.call("org.unifiedpush.Distributor2", "Unregister", [.dictionary(["token": .string("tok")])])
        let answers = try scene.receive(again)
        #expect(answers.answer(to: again) == [.dictionary([:])])
        #expect(answers.count == 1)
    }

    @Test("the user can take a registration back, and the application hears of it")
    func revokes() throws {
        var scene = Scene(registrations: [try Scene.registered(dialect: .first)])
        let call = scene.call("me.apus.Distributor1", "Unregister", [.string("tok")])
        let actions = try scene.receive(call)
        #expect(actions.answer(to: call) == [.boolean(true)])
        #expect(actions.call("Unregistered")?.arguments == [.string("tok")])
        let again = scene.call("me.apus.Distributor1", "Unregister", [.string("tok")])
        #expect(try scene.receive(again).answer(to: again) == [.boolean(false)])
    }

    @Test("what is unregistered while the gateway is asked stays unregistered")
    func unregistersMeanwhile() throws {
        var scene = Scene()
        _ = scene.connect()
        let (call, asked) = try scene.register("tok")
        let unregister = scene.call(
            "org.unifiedpush.Distributor2", "Unregister", [.dictionary(["token": .string("tok")])])
        #expect(try scene.receive(unregister).answer(to: call) == .failed("INTERNAL_ERROR"))
        #expect(scene.grant(asked).isEmpty)
    }
}
