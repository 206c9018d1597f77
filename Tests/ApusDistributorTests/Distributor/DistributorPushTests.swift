import ApusCore
import ApusXMPP
import Testing

@testable import ApusDistributor

@Suite("The distributor and pushes")
struct DistributorPushTests {
    private let registration: Registration
    private let push: XMLElement

    init() throws {
        registration = try Scene.registered()
        push = .push("aGk=", to: registration.identity, from: "up.example.org")
    }

    private func condition(of actions: [Distributor.Action]) -> StanzaError.Condition? {
        guard actions.count == 1, let stanza = actions.stanzas.first else { return nil }
        return StanzaError(in: stanza)?.condition
    }

    @Test("a push of the gateway is kept")
    func kept() throws {
        var scene = Scene(registrations: [registration])
        let parsed = try #require(GatewayPush(push))
        #expect(scene.distributor.receive(push) == [.keep(parsed, Array("hi".utf8), registration)])
        #expect(scene.distributor.pushWasKept(parsed, for: "tok") == [.deliver(registration)])
        #expect(scene.distributor.counts == .init(received: 1))
    }

    @Test("one that comes again because its answer was lost is answered again, and reaches nobody twice")
    func again() throws {
        var scene = Scene(registrations: [registration])
        let parsed = try #require(GatewayPush(push))
        let receipt = try #require(parsed.receipt)
        #expect(scene.distributor.receive(push) == [.keep(parsed, Array("hi".utf8), registration)])
        // As long as it is not on disk, it is not answered.
        #expect(scene.distributor.receive(push) == [.keep(parsed, Array("hi".utf8), registration)])
        _ = scene.distributor.pushWasKept(parsed, for: "tok")
        #expect(scene.distributor.receive(push) == [.sendToServer(receipt)])
        var other = push
        other.setAttribute("id", "another")
        #expect(scene.distributor.receive(other) != [.sendToServer(receipt)])
    }

    @Test(
        "a push of anybody else is refused and counted",
        arguments: ["evil.example.org", "up.example.org/resource", "x@up.example.org", "ann@example.org/device", ""])
    func foreign(from: String) throws {
        var scene = Scene(registrations: [registration])
        let push = XMLElement.push("aGk=", to: registration.identity, from: from)
        #expect(condition(of: scene.distributor.receive(push)) == .forbidden)
        #expect(scene.distributor.counts == .init(foreign: 1))
    }

    @Test("another gateway's push for a registration that is not its own is refused")
    func wrongGateway() throws {
        let other = try Scene.registered(token: "other", gateway: .genofire, expires: false)
        var scene = Scene(registrations: [registration, other])
        let push = XMLElement.push("aGk=", to: registration.identity, from: "seed.example.org")
        #expect(condition(of: scene.distributor.receive(push)) == .itemNotFound)
        let message = XMLElement.message(
            subject: registration.identity.publicToken, body: "hi", from: "seed.example.org")
        #expect(condition(of: scene.distributor.receive(message)) == .itemNotFound)
    }

    @Test("a push for what was unregistered revokes the endpoint")
    func unregistered() throws {
        var scene = Scene(registrations: [registration])
        let call = scene.call("me.apus.Distributor1", "Unregister", [.string("tok")])
        _ = try scene.receive(call)
        #expect(condition(of: scene.distributor.receive(push)) == .itemNotFound)
    }

    @Test("a push for the instance of another application is not found")
    func wrongApplication() throws {
        var scene = Scene(registrations: [registration])
        let identity = GatewayIdentity(
            publicToken: "", application: "other", instance: registration.identity.instance)
        #expect(
            condition(of: scene.distributor.receive(.push("aGk=", to: identity, from: "up.example.org")))
                == .itemNotFound)
    }

    @Test("what is not base 64 does not cost the endpoint")
    func malformed() throws {
        var scene = Scene(registrations: [registration])
        #expect(
            condition(of: scene.distributor.receive(.push("%", to: registration.identity, from: "up.example.org")))
                == .badRequest)
    }

    @Test("a message of seed 002 is kept, and one of a stranger to a known token refused")
    func messages() throws {
        let registration = try Scene.registered(gateway: .genofire, expires: false)
        var scene = Scene(registrations: [registration])
        let message = XMLElement.message(subject: "public-tok", body: "hi", from: "seed.example.org")
        #expect(
            scene.distributor.receive(message)
                == [.keep(try #require(GatewayPush(message)), Array("hi".utf8), registration)])
        let forged = XMLElement.message(subject: "public-tok", body: "hi", from: "evil@example.org/x")
        #expect(condition(of: scene.distributor.receive(forged)) == .forbidden)
    }

    @Test("an ordinary message is nobody's business")
    func chat() throws {
        var scene = Scene(registrations: [registration])
        let chat = XMLElement.message(subject: "Lunch", body: "Today?", from: "bob@example.org/phone")
        #expect(scene.distributor.receive(chat).isEmpty)
        #expect(scene.distributor.counts == .init())
    }

    @Test("a ping is answered, another question refused, an answer neither")
    func questions() throws {
        var scene = Scene()
        let ping = XMLElement.stanza("iq", "get", from: "example.org", [XMLElement("ping", Namespace.ping)])
        let pong = try #require(scene.distributor.receive(ping).stanzas.first)
        #expect(pong.attribute("type") == "result" && pong.attribute("to") == "example.org")
        let question = XMLElement.stanza("iq", "get", from: "a.b", [XMLElement("query", Namespace.discoInfo)])
        #expect(condition(of: scene.distributor.receive(question)) == .serviceUnavailable)
        #expect(scene.distributor.receive(.stanza("iq", "result", from: "a.b")).isEmpty)
        #expect(scene.distributor.receive(.stanza("iq", "error", from: "a.b")).isEmpty)
    }

    // MARK: Deliveries

    @Test("an application gets one push at a time")
    func oneAtATime() throws {
        var scene = Scene(registrations: [registration])
        let kept = try #require(GatewayPush(push))
        #expect(scene.distributor.pushWasKept(kept, for: "tok") == [.deliver(registration)])
        #expect(scene.distributor.pushWasKept(kept, for: "tok").isEmpty)
        #expect(scene.distributor.delivered("tok") == [.deliver(registration)])
        scene.distributor.deliveries.finished("tok")
        #expect(scene.distributor.pushWasKept(kept, for: "tok") == [.deliver(registration)])
        #expect(scene.distributor.counts == .init(received: 3, delivered: 1))
    }

    @Test("an application that takes nothing is tried again, ever more rarely, and at once when it shows up")
    func tryAgain() throws {
        var scene = Scene(registrations: [registration])
        let kept = try #require(GatewayPush(push))
        _ = scene.distributor.pushWasKept(kept, for: "tok")
        var waits: [Int64] = []
        for _ in 0..<10 {
            scene.distributor.undelivered("tok", at: scene.now)
            #expect(scene.distributor.pushWasKept(kept, for: "tok").isEmpty)
            let before = scene.now
            #expect(scene.wait(atMost: 1800) == [.deliver(registration)])
            waits.append((scene.now.milliseconds - before.milliseconds) / 1000)
        }
        #expect(waits == [10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800])
        scene.distributor.undelivered("tok", at: scene.now)
        #expect(try scene.register("tok").actions.contains(.deliver(registration)))
    }
}
