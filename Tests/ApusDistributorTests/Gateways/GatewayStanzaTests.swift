import ApusCore
import ApusXMPP
import Testing

@testable import ApusDistributor

@Suite("What gateways are asked, and what they answer")
struct GatewayStanzaTests {
    private let registration: Registration

    init() throws {
        registration = try .example(token: "tok")
    }

    @Test("an endpoint is asked for in either dialect")
    func register() throws {
        var registration = registration
        registration.vapidKey = "BKey"
        let gultsch = GatewayRequest.register(registration, at: .gultsch)
        #expect(gultsch.attribute("type") == "set" && gultsch.attribute("to") == "up.example.org")
        let element = try #require(gultsch.child("register", "http://gultsch.de/xmpp/drafts/unified-push"))
        #expect(element.attribute("application") == registration.identity.application)
        #expect(element.attribute("instance") == registration.identity.instance)
        #expect(element.attribute("vapid") == "BKey")
        let genofire = GatewayRequest.register(registration, at: .genofire)
        #expect(genofire.child("register", "unifiedpush.org")?.child("token")?.text == "public-tok")
    }

    @Test("application and instance are 32 bytes in base 64, and tell neither the application nor the device")
    func identity() throws {
        let service = try #require(BusName("org.example.App"))
        let one = GatewayIdentity(of: service, publicToken: "p1", device: "d1")
        let two = GatewayIdentity(of: service, publicToken: "p2", device: "d1")
        let elsewhere = GatewayIdentity(of: service, publicToken: "p1", device: "d2")
        #expect(Base64.decode(one.application)?.count == 32)
        #expect(Base64.decode(one.instance)?.count == 32)
        #expect(one.application == two.application && one.instance != two.instance)
        #expect(one.application != elsewhere.application && one.instance != elsewhere.instance)
        // printf 'd1\0org.example.App' | sha256sum | xxd -r -p | base64
        #expect(one.application == "AmkfdWKWqPUTFTl7ip8fiJw8mgRzgtBeocK94IRxy3Q=")
    }

    @Test("an endpoint with the time of its end", arguments: ["2026-11-22T02:32:10Z", "2026-11-22T02:32:10.5+00:00"])
    func granted(expiration: String) throws {
        let answer = LinkAnswer.result(.registered("https://up.example.org/push/1", until: expiration))
        let granted = try GrantedEndpoint(answer, from: .gultsch)
        #expect(granted.url == "https://up.example.org/push/1")
        #expect(granted.expiresAt?.rfc3339.prefix(19) == "2026-11-22T02:32:10")
    }

    @Test("an endpoint of seed 002, which does not end")
    func grantedBySeed() throws {
        var register = XMLElement("register", "unifiedpush.org")
        register.children = [
            .element(XMLElement("endpoint", "unifiedpush.org", text: "https://up.example.org/UP?token=ey"))
        ]
        let granted = try GrantedEndpoint(
            .result(.stanza("iq", "result", from: "seed.example.org", [register])), from: .genofire)
        #expect(granted.url == "https://up.example.org/UP?token=ey")
        #expect(granted.expiresAt == nil)
    }

    @Test(
        "an endpoint without an end, with a wrong one, or that is no address is none",
        arguments: [
            ("https://up/1", ""), ("https://up/1", "tomorrow"), ("", "2026-11-22T02:32:10Z"),
            ("ftp://up/1", "2026-11-22T02:32:10Z"),
            ("https://" + String(repeating: "x", count: 1000), "2026-11-22T02:32:10Z"),
        ])
    func notGranted(url: String, expiration: String) {
        let answer = LinkAnswer.result(.registered(url, until: expiration))
        #expect(throws: RegistrationFailure(reason: .internalError, text: "Unknown Error")) {
            try GrantedEndpoint(answer, from: .gultsch)
        }
    }

    @Test(
        "why there is none",
        arguments: [
            (StanzaError.Condition.forbidden, RegistrationFailure.Reason.unauthorized),
            (.remoteServerNotFound, .network), (.badRequest, .internalError),
        ])
    func refused(condition: StanzaError.Condition, reason: RegistrationFailure.Reason) {
        let answer = LinkAnswer.refused(StanzaError(condition), .stanza("iq", "error", from: "up.example.org"))
        #expect(throws: RegistrationFailure(reason: reason, text: condition.rawValue)) {
            try GrantedEndpoint(answer, from: .gultsch)
        }
    }

    @Test("seed 002 says why in an element of its own")
    func refusedBySeed() {
        var register = XMLElement("register", "unifiedpush.org")
        register.children = [.element(XMLElement("error", "unifiedpush.org", text: "no token"))]
        let answer = LinkAnswer.refused(
            StanzaError(.undefinedCondition), .stanza("iq", "error", from: "seed.example.org", [register]))
        #expect(throws: RegistrationFailure(reason: .internalError, text: "no token")) {
            try GrantedEndpoint(answer, from: .genofire)
        }
    }

    @Test("no answer is a matter of the network")
    func lost() {
        #expect(throws: RegistrationFailure(reason: .network, text: "xmpp unable recv iq to gateway")) {
            try GrantedEndpoint(.lost, from: .gultsch)
        }
    }

    // MARK: Pushes

    @Test("a push of either dialect")
    func push() throws {
        let iq = try #require(GatewayPush(.push("aGk=", to: registration.identity, from: "up.example.org")))
        #expect(iq.payload == Array("hi".utf8))
        #expect(
            iq.target == .instance(registration.identity.instance, application: registration.identity.application))
        #expect(iq.receipt?.attribute("type") == "result" && iq.receipt?.attribute("to") == "up.example.org")
        let message = try #require(
            GatewayPush(.message(subject: "public-tok", body: "hi ü", from: "seed.example.org")))
        #expect(message.payload == Array("hi ü".utf8))
        #expect(message.target == .publicToken("public-tok"))
        #expect(message.receipt == nil)
    }

    @Test("an empty push is a push; text that is not base 64, or more than 4,096 bytes, is no payload")
    func payloads() throws {
        func payload(_ text: String) throws -> [UInt8]? {
            try #require(GatewayPush(.push(text, to: registration.identity, from: "up"))).payload
        }
        #expect(try payload("") == [])
        #expect(try payload("a\nGk=\n") == Array("hi".utf8))
        #expect(try payload("not base 64!") == nil)
        #expect(try payload(Base64.encode([UInt8](repeating: 0, count: 4096)))?.count == 4096)
        #expect(try payload(Base64.encode([UInt8](repeating: 0, count: 4097))) == nil)
    }

    @Test("a message without subject or body, an error and another IQ are no pushes")
    func noPushes() {
        #expect(GatewayPush(.message(subject: "", body: "x", from: "a")) == nil)
        #expect(GatewayPush(.message(subject: "x", body: "", from: "a")) == nil)
        var bounce = XMLElement.message(subject: "x", body: "y", from: "a")
        bounce.setAttribute("type", "error")
        #expect(GatewayPush(bounce) == nil)
        #expect(GatewayPush(.stanza("iq", "set", from: "a")) == nil)
    }

    @Test("a refusal says why and does not send back what came")
    func refusal() throws {
        let push = try #require(GatewayPush(.push("aGk=", to: registration.identity, from: "up.example.org")))
        let refusal = try #require(push.refusal(.itemNotFound))
        #expect(refusal.attribute("type") == "error" && refusal.attribute("to") == "up.example.org")
        #expect(refusal.attribute("id") == "1")
        #expect(Array(refusal.elements).map(\.name) == ["error"])
        #expect(StanzaError(in: refusal)?.condition == .itemNotFound)
    }
}
