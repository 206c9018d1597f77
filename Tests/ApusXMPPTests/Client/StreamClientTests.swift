import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import ApusXMPP

@Suite("A stream that is kept open")
struct StreamClientTests {
    private let dialer = TestDialer()
    private let client: StreamClient<ComponentClientSession>

    init() {
        client = Self.client(dialer) { _ in ComponentClientSession(domain: "up.example.org", secret: "test") }
    }

    private static func client<Session>(
        _ dialer: TestDialer, _ encryption: StreamEncryption? = nil,
        _ makeSession: @escaping @Sendable (ResumableStream?) -> Session
    ) -> StreamClient<Session> {
        StreamClient(
            to: StreamEndpoint(host: "example.org", port: 5347), dialer: dialer, on: dialer.eventLoop,
            encryption: encryption,
            times: StreamTimes(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            makeSession: makeSession, onEvent: { dialer.note($0) })
    }

    private func start() {
        client.start()
        dialer.eventLoop.run()
    }

    private static let header =
        #"<stream:stream xmlns="jabber:component:accept" xmlns:stream="http://etherx.jabber.org/streams" id="1">"#

    private func attach() throws {
        try dialer.says(Self.header + "<handshake/>")
        _ = try dialer.hears()
        #expect(
            dialer.takeEvents() == [.connected(address: try JID("up.example.org"), resumed: false)])
    }

    /// How long it waits before the next attempt.
    private func delay() throws -> TimeAmount {
        switch dialer.takeEvents().last {
        case .disconnected(_, let delay)?, .failed(_, let delay)?: return delay
        default: throw StreamError(.undefinedCondition)
        }
    }

    private func stanza(_ id: String) -> XMLElement {
        XMLElement("message", Namespace.client, attributes: [.init("id", id)])
    }

    private func text(_ id: String) -> String { #"<message id="\#(id)" from="up.example.org"/>"# }

    // MARK: Connecting

    @Test("is opened at the start, once")
    func opened() throws {
        start()
        start()
        #expect(dialer.dialed == [StreamEndpoint(host: "example.org", port: 5347)])
        #expect(try dialer.hears().hasSuffix(#"to="up.example.org">"#))
        try attach()
    }

    @Test("is opened again and again while nobody listens")
    func unreachable() throws {
        dialer.fails = true
        start()
        for attempt in 1...5 {
            #expect(dialer.dialed.count == attempt)
            let delay = try delay()
            dialer.eventLoop.advanceTime(by: delay - .nanoseconds(1))
            #expect(dialer.dialed.count == attempt)
            dialer.eventLoop.advanceTime(by: .nanoseconds(1))
        }
        dialer.fails = false
        dialer.eventLoop.advanceTime(by: try delay())
        try attach()
    }

    @Test("is opened again when the connection is lost")
    func lost() throws {
        start()
        try attach()
        dialer.cuts()
        let delay = try delay()
        #expect(delay <= .seconds(1))
        dialer.eventLoop.advanceTime(by: delay)
        #expect(dialer.dialed.count == 2)
        try attach()
    }

    @Test("is opened again only slowly when that does not help")
    func refused() throws {
        start()
        try dialer.says(
            Self.header + "<stream:error><not-authorized "
                + #"xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error></stream:stream>"#)
        guard case .failed(let reason, let delay)? = dialer.events.last else {
            Issue.record("no failure")
            return
        }
        #expect(reason.contains("secret") && delay >= .seconds(450))
    }

    @Test("is opened where the server wants it, the next time only")
    func otherHost() throws {
        start()
        try dialer.says(
            Self.header + #"<stream:error><see-other-host xmlns="urn:ietf:params:xml:ns:xmpp-streams">b.example.org"#
                + "</see-other-host></stream:error>")
        dialer.fails = true
        dialer.eventLoop.advanceTime(by: try delay())
        dialer.eventLoop.advanceTime(by: try delay())
        #expect(dialer.dialed.map(\.host) == ["example.org", "b.example.org", "example.org"])
    }

    @Test("is opened at once when the network has changed")
    func reconnect() throws {
        dialer.fails = true
        start()
        dialer.fails = false
        _ = dialer.takeEvents()
        client.reconnect()
        dialer.eventLoop.run()
        #expect(dialer.dialed.count == 2)
        try attach()
        let old = dialer.channel
        client.reconnect()
        dialer.eventLoop.run()
        #expect(!old.isActive && dialer.dialed.count == 3)
        try attach()
        dialer.eventLoop.advanceTime(by: .minutes(1))
        #expect(dialer.dialed.count == 3)
    }

    @Test("has one connection, though an attempt that was given up succeeds late")
    func lateConnection() throws {
        dialer.pending = []
        start()
        client.reconnect()
        dialer.eventLoop.run()
        let attempts = try #require(dialer.pending)
        let late = dialer.makeChannel()
        attempts[0].succeed(late)
        dialer.eventLoop.run()
        #expect(!late.isActive)
        attempts[1].succeed(dialer.makeChannel())
        dialer.eventLoop.run()
        try attach()
    }

    @Test("takes nothing for encrypted that came before the encryption")
    func injection() throws {
        let settings = try ClientLines.settings()
        let encryption = try StreamEncryption(domain: "example.org", trustRoots: nil)
        let client = Self.client(dialer, encryption) { _ in ClientSession(settings) }
        client.start()
        dialer.eventLoop.run()
        try dialer.says(ClientLines.features(ClientLines.startTLS))
        #expect(try dialer.hears().hasSuffix(ClientLines.startTLS))
        try dialer.says(ClientLines.proceed + "</stream:stream>")
        #expect(dialer.channel.isActive && dialer.takeEvents().isEmpty)
    }

    // MARK: Time

    @Test("is given up when the login takes too long")
    func slowLogin() throws {
        start()
        dialer.eventLoop.advanceTime(by: .seconds(30))
        #expect(!dialer.channel.isActive)
        guard case .disconnected("The server let us wait too long for the login.", _)? = dialer.events.last else {
            Issue.record("\(dialer.events)")
            return
        }
    }

    @Test("is given up when the server is gone without a word")
    func deadPeer() throws {
        start()
        try attach()
        dialer.eventLoop.advanceTime(by: .seconds(240))
        #expect(try dialer.hears().contains("urn:xmpp:ping"))
        dialer.eventLoop.advanceTime(by: .seconds(29))
        try dialer.says(" ")
        dialer.eventLoop.advanceTime(by: .seconds(239))
        #expect(dialer.channel.isActive && dialer.takeEvents().isEmpty)
        dialer.eventLoop.advanceTime(by: .seconds(1 + 30))
        #expect(dialer.channel.isActive == false)
        guard case .disconnected("The server does not answer any more.", _)? = dialer.events.first else {
            Issue.record("\(dialer.events)")
            return
        }
    }

    // MARK: Sending

    @Test("takes stanzas only while it is open")
    func send() throws {
        #expect(!client.send(stanza("1")))
        start()
        #expect(!client.send(stanza("2")))
        try attach()
        #expect(client.send(stanza("3")) && client.send(stanza("4")))
        dialer.eventLoop.run()
        #expect(try dialer.hears() == text("3") + text("4"))
        dialer.cuts()
        #expect(!client.send(stanza("5")))
    }

    @Test("refuses more stanzas than it can hold")
    func overfull() throws {
        start()
        try attach()
        #expect((1...1024).allSatisfy { client.send(stanza("\($0)")) })
        #expect(!client.send(stanza("too much")))
        dialer.eventLoop.run()
        #expect(client.send(stanza("again")))
    }

    @Test("refuses stanzas while the server does not take what is there for it")
    func unwritable() throws {
        start()
        try attach()
        dialer.channel.isWritable = false
        dialer.channel.pipeline.fireChannelWritabilityChanged()
        #expect(!client.send(stanza("1")))
        dialer.channel.isWritable = true
        dialer.channel.pipeline.fireChannelWritabilityChanged()
        #expect(client.send(stanza("2")))
    }

    // MARK: The end

    @Test("is closed in order, and nothing is told after that")
    func stop() throws {
        start()
        try attach()
        let stopped = client.stop()
        dialer.eventLoop.run()
        #expect(try dialer.hears() == "</stream:stream>" && !client.send(stanza("1")))
        #expect(dialer.channel.isActive)
        try dialer.says(#"<message from="a" to="b"/></stream:stream>"#)
        dialer.eventLoop.advanceTime(by: .seconds(3))
        try stopped.wait()
        dialer.eventLoop.advanceTime(by: .minutes(20))
        #expect(dialer.takeEvents().isEmpty && dialer.dialed.count == 1)
    }

    @Test("is not opened any more once it was stopped")
    func stopWhileWaiting() throws {
        dialer.fails = true
        start()
        _ = client.stop()
        dialer.eventLoop.advanceTime(by: .minutes(20))
        client.start()
        client.reconnect()
        dialer.eventLoop.run()
        #expect(dialer.dialed.count == 1)
    }

    // MARK: Resuming

    /// Is ready at once, and leaves something to go on with.
    private struct ResumableSession: StreamClientSession {
        let resumed: ResumableStream?
        private var actions: [StreamClientAction] = []

        init(_ resumed: ResumableStream?) { self.resumed = resumed }

        mutating func start(isLoopback: Bool) {
            guard let address = try? JID("ann@example.org/up") else { return }
            actions = [.becomeReady(address, resumed: resumed != nil)]
        }

        mutating func disconnected() -> ResumableStream? {
            (try? JID("ann@example.org/up")).map {
                ResumableStream(address: $0, management: StreamManagement(id: "sm-1"))
            }
        }

        mutating func takeActions() -> [StreamClientAction] {
            defer { actions = [] }
            return actions
        }

        mutating func receive(_ event: StreamEvent) {}
        mutating func send(_ stanza: XMLElement) {}
        mutating func ping() {}
        mutating func fail(_ error: StreamError) {}
        mutating func close() {}
    }

    @Test("goes on where the last connection ended, even if it takes some attempts to connect")
    func resumed() throws {
        let client = Self.client(dialer) { ResumableSession($0) }
        let connected = { XMPPClientEvent.connected(address: try JID("ann@example.org/up"), resumed: $0) }
        client.start()
        dialer.eventLoop.run()
        #expect(dialer.takeEvents() == [try connected(false)])
        dialer.fails = true
        dialer.cuts()
        dialer.eventLoop.advanceTime(by: try delay())
        dialer.fails = false
        dialer.eventLoop.advanceTime(by: try delay())
        #expect(dialer.takeEvents() == [try connected(true)])
        client.reconnect()
        dialer.eventLoop.run()
        #expect(dialer.takeEvents() == [try connected(true)])
    }
}
