import ApusCore
import ApusXMPP
import Testing

@testable import ApusDistributor

@Suite("The distributor and its gateway")
struct DistributorRenewalTests {
    @Test("an endpoint is renewed long before it ends, and the application hears only of another one")
    func renewal() throws {
        var scene = Scene(registrations: [try Scene.registered()])
        #expect(scene.connect().questions.isEmpty)
        let asked = scene.wait(atMost: 16 * 3600) ?? []
        #expect(asked.questions == ["tok"])
        #expect(scene.now.milliseconds - Scene.start.milliseconds == 15 * 3_600_000)
        let renewed = scene.grant(asked)
        #expect(renewed.saved.first?.endpoint?.expiresAt == scene.now.adding(seconds: 86_400))
        #expect(renewed.call("NewEndpoint") == nil)
        let again = scene.wait(atMost: 16 * 3600) ?? []
        #expect(scene.grant(again, url: "https://up/2").call("NewEndpoint") != nil)
    }

    @Test("an endpoint of fifteen minutes is renewed in time, and one that is over already not every second")
    func shortLife() throws {
        var scene = Scene()
        _ = scene.connect()
        _ = scene.grant(try scene.register("tok").actions, life: 900)
        #expect(scene.wait(atMost: 599) == nil)
        let asked = scene.wait(atMost: 1) ?? []
        _ = scene.grant(asked, life: -3600)
        #expect(scene.wait(atMost: 59) == nil)
        #expect(scene.wait(atMost: 1)?.questions == ["tok"])
    }

    @Test("a gateway that refuses is asked again, ever more rarely, and at once when the application asks")
    func retries() throws {
        var scene = Scene(registrations: [try Scene.registered(gateway: .genofire, expires: false)])
        var asked = scene.connect()
        var waits: [Int64] = []
        for _ in 0..<9 {
            _ = scene.refuse(asked)
            let before = scene.now
            asked = scene.wait(atMost: 3600) ?? []
            waits.append((scene.now.milliseconds - before.milliseconds) / 1000)
        }
        #expect(waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600])
        _ = scene.refuse(asked)
        #expect(try scene.register("tok").actions.questions == ["tok"])
    }

    @Test("another gateway, or another address, means another endpoint")
    func moves() throws {
        let registration = try Scene.registered(gateway: .genofire, expires: false)
        var scene = Scene(registrations: [registration])
        let asked = scene.connect(to: .gultsch)
        #expect(asked.questions == ["tok"])
        let granted = scene.grant(asked, url: "https://other/1")
        #expect(granted.call("NewEndpoint") != nil)
        #expect(granted.contains(.report(Departure(identity: registration.identity, gateway: .genofire))))
        scene.distributor.disconnected()
        _ = scene.distributor.connected(as: .example("ann@example.org/other"), resumed: false, at: scene.now)
        #expect(scene.distributor.searchEnded(.found(.gultsch), at: scene.now).questions == ["tok"])
    }

    @Test("after connecting, the gateway hears that there is somebody, if there is")
    func presence() throws {
        var scene = Scene(registrations: [try Scene.registered()])
        #expect(scene.connect().stanzas == [GatewayRequest.presence(to: .gultsch)])
        #expect(
            scene.distributor.connected(as: .device, resumed: true, at: scene.now).stanzas
                == [GatewayRequest.presence(to: .gultsch)])
        var empty = Scene()
        #expect(empty.connect().stanzas.isEmpty)
    }

    @Test("seed 002 sends messages, which wait on the server until the account is present")
    func broadcast() throws {
        var scene = Scene(registrations: [try Scene.registered(gateway: .genofire, expires: false)])
        #expect(
            scene.connect(to: .genofire).stanzas
                == [GatewayRequest.presence, GatewayRequest.presence(to: .genofire)])
    }

    @Test("a thousand endpoints are asked for eight at a time")
    func fewAtATime() throws {
        let registrations = try (0..<20).map {
            try Scene.registered(token: "t\($0)", gateway: .genofire, expires: false)
        }
        var scene = Scene(registrations: registrations)
        let asked = scene.connect(to: .gultsch)
        #expect(asked.questions.count == 8)
        #expect(scene.distributor.nextDeadline == nil)
        #expect(scene.grant([try #require(asked.last)]).questions.count == 1)
    }

    @Test("an answer that comes after the connection was lost does not count")
    func lateAnswer() throws {
        var scene = Scene()
        _ = scene.connect()
        let (call, asked) = try scene.register("tok")
        scene.distributor.disconnected()
        #expect(scene.grant(asked).isEmpty)
        let again = scene.connect()
        #expect(again.questions == ["tok"])
        #expect(scene.grant(asked).isEmpty)
        #expect(scene.grant(again).answer(to: call) == .succeeded)
    }

    @Test("a search that did not end well is made again")
    func searchesAgain() throws {
        var scene = Scene()
        #expect(
            scene.distributor.connected(as: .device, resumed: false, at: scene.now) == [.findGateway(inUse: nil)])
        _ = scene.distributor.searchEnded(.unclear, at: scene.now)
        #expect(scene.wait(atMost: 30) == [.findGateway(inUse: nil)])
        _ = scene.distributor.searchEnded(.none, at: scene.now)
        #expect(scene.wait(atMost: 599) == nil)
        #expect(scene.wait(atMost: 1) == [.findGateway(inUse: nil)])
    }
}
