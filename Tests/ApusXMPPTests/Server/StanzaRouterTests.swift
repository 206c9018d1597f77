import ApusCore
import ApusTestKit
import CoreMetrics
import Logging
import NIOCore
import Synchronization
import Testing

@testable import ApusXMPP

@Suite("Stanzas from one connection to another")
struct StanzaRouterTests {
    /// A connection that keeps what it is given.
    private final class Receiver: StanzaReceiver {
        private let received = Mutex<[String]>([])

        func receive(_ stanza: XMLElement, otherwise refuse: @escaping @Sendable () -> Void) {
            var writer = StanzaWriter()
            writer.write(stanza, in: stanza.namespace)
            let text = String(buffer: writer.take())
            received.withLock { $0.append(text) }
        }

        func take() -> [String] {
            received.withLock { received in
                defer { received = [] }
                return received
            }
        }
    }

    /// Runs `body` with a house in which the component `up.example.org` is attached and nobody is connected.
    private func with(_ body: (XMPPServerContext, _ sender: Receiver, _ component: Receiver) throws -> Void)
        async throws
    {
        let clock = ManualClock()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let dispatcher = try Dispatcher(
            store: InMemoryMessageStore(), eventLoops: [], clock: clock,
            metrics: DeliveryMetrics(factory: NOOPMetricsHandler.instance), logger: logger)
        let box = try #require(SecretBox(key: SecretBox.randomKey()))
        var settings = XMPPSettings()
        settings.domain = "example.org"
        settings.gateway = "push.example.org"
        let context = XMPPServerContext(
            dispatcher: dispatcher, apps: AppRegistry(apps: [], messagesPerSecond: 0, clock: clock),
            accounts: XMPPAccountBook(dispatcher: dispatcher, box: box, keepsPasswords: true),
            endpoints: EndpointBook(dispatcher: dispatcher, box: box, lifetimeSeconds: 3600), settings: settings,
            components: ComponentSettings(), budget: ConnectionBudget(most: 10),
            metrics: XMPPMetrics(factory: NOOPMetricsHandler.instance), tls: nil, logger: logger)
        let (sender, component) = (Receiver(), Receiver())
        #expect(context.components.attach(component, to: "up.example.org"))
        try body(context, sender, component)
        await dispatcher.stop()
    }

    private func stanza(_ text: String, namespace: String = "jabber:client") throws -> XMLElement {
        let header = #"<stream:stream xmlns="\#(namespace)" xmlns:stream="http://etherx.jabber.org/streams">"#
        guard case .element(let element) = try read(header + text).last else {
            throw StreamError(.badFormat)
        }
        return element
    }

    private func refused(_ id: String, from: String, _ error: String) -> String {
        #"<iq type="error" id="\#(id)" from="\#(from)" to="ann@example.org/phone"><x xmlns="urn:x"/>"#
            + "<error \(error) \(Screenplay.stanzas)/></error></iq>"
    }

    // MARK: To components

    @Test("what is for a component, its users or their clients goes to it")
    func component() async throws {
        try await with { context, sender, component in
            for to in ["up.example.org", "reg@up.example.org", "reg@UP.example.org/x"] {
                let text = #"<message to="\#(to)" from="ann@example.org/phone"/>"#
                context.route(try stanza(text), from: sender, of: nil)
                #expect(component.take() == [text])
            }
            #expect(sender.take().isEmpty)
        }
    }

    @Test("one component serves a domain, until it is gone")
    func oneComponent() async throws {
        try await with { context, sender, component in
            #expect(!context.components.attach(sender, to: "up.example.org"))
            #expect(context.components.services.domains == ["push.example.org", "up.example.org"])
            #expect(context.components.attach(sender, to: "bots.example.org"))
            #expect(context.components.services.domains == ["bots.example.org", "push.example.org", "up.example.org"])
            context.components.detach(from: "up.example.org")
            #expect(context.components.services.domains == ["bots.example.org", "push.example.org"])
            context.route(
                try stanza(
                    #"<iq to="up.example.org" from="ann@example.org/phone" id="1" type="get"><x xmlns="urn:x"/></iq>"#),
                from: sender, of: nil)
            #expect(component.take().isEmpty)
            #expect(
                sender.take() == [
                    refused("1", from: "up.example.org", #"code="404" type="cancel"><remote-server-not-found"#)
                ])
        }
    }

    // MARK: To nobody

    @Test(
        "a request for who is not there is answered with why",
        arguments: [
            ("elsewhere.org", #"code="404" type="cancel"><remote-server-not-found"#),
            ("bob@elsewhere.org", #"code="404" type="cancel"><remote-server-not-found"#),
            ("bob@example.org/pc", #"code="503" type="cancel"><service-unavailable"#),
            ("bob@example.org", #"code="503" type="cancel"><service-unavailable"#),
            ("example.org", #"code="503" type="cancel"><service-unavailable"#),
            ("@", #"code="400" type="modify"><jid-malformed"#),
        ])
    func nobody(to: String, error: String) async throws {
        try await with { context, sender, component in
            for type in ["get", "set"] {
                let text =
                    #"<iq to="\#(to)" from="ann@example.org/phone" id="1" type="\#(type)"><x xmlns="urn:x"/></iq>"#
                context.route(try stanza(text), from: sender, of: nil)
                #expect(sender.take() == [refused("1", from: to, error)])
            }
            #expect(component.take().isEmpty)
        }
    }

    @Test(
        "answers, presence and messages without a body are not answered",
        arguments: [
            #"<iq id="1" type="result""#, #"<iq id="1" type="error""#, "<presence", #"<presence type="subscribe""#,
            "<message", #"<message type="error""#,
        ])
    func silent(start: String) async throws {
        try await with { context, sender, _ in
            for to in ["bob@example.org/pc", "elsewhere.org", "@"] {
                context.route(
                    try stanza(start + #" to="\#(to)" from="ann@example.org/phone"/>"#), from: sender, of: nil)
                #expect(sender.take().isEmpty)
            }
        }
    }

    @Test("a message with a body for who is not there is answered, but for an error")
    func message() async throws {
        try await with { context, sender, _ in
            context.route(
                try stanza(
                    #"<message to="elsewhere.org" from="ann@example.org/phone" id="m"><body>hi</body></message>"#),
                from: sender, of: nil)
            #expect(
                sender.take() == [
                    #"<message type="error" id="m" from="elsewhere.org" to="ann@example.org/phone"><body>hi</body>"#
                        + #"<error code="404" type="cancel"><remote-server-not-found \#(Screenplay.stanzas)/></error></message>"#
                ])
            context.route(
                try stanza(#"<message to="elsewhere.org" from="a@example.org" type="error"><body>hi</body></message>"#),
                from: sender, of: nil)
            #expect(sender.take().isEmpty)
        }
    }

    @Test("a component's ping of the server is answered")
    func ping() async throws {
        try await with { context, sender, _ in
            context.route(
                try stanza(
                    #"<iq to="example.org" from="up.example.org" id="1" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#),
                from: sender, of: nil)
            #expect(sender.take() == [#"<iq type="result" id="1" from="example.org" to="up.example.org"/>"#])
        }
    }

    // MARK: From one kind of stream to the other

    @Test("a stanza takes the namespace of the stream that it is moved to, and what is in it keeps its own")
    func moved() throws {
        let text =
            #"<message to="a@b"><body>x</body><x xmlns="urn:x"><body>y</body></x><error><gone xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>"#
        let component = try stanza(text, namespace: Namespace.component)
        let client = try stanza(text)
        #expect(component != client)
        #expect(component.moved(to: Namespace.client) == client)
        #expect(client.moved(to: Namespace.component) == component)
        #expect(client.moved(to: Namespace.client) == client)
    }
}
