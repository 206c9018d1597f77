import ApusTestKit
import CoreMetrics
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import ApusCore

@Suite("AuditBook")
struct AuditBookTests {
    /// A dispatcher that writes an audit, over a store that outlives it.
    private final class Scene {
        let store: InMemoryMessageStore
        let clock = ManualClock()
        let book: AuditBook
        let dispatcher: Dispatcher
        let app: App
        private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

        init(
            _ earlier: InMemoryMessageStore? = nil, interval: TimeAmount? = .minutes(1)
        ) async throws {
            let store = earlier ?? InMemoryMessageStore()
            self.store = store
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let box = try #require(SecretBox(key: [UInt8](repeating: 7, count: SecretBox.keyLength)))
            book = AuditBook(seals: AuditSeals(box), sendInterval: interval, logger: logger)
            app = try store.read { try $0.apps() }.first ?? StoreFixture(store, clock: clock).app()
            dispatcher = try Dispatcher(
                store: store, eventLoops: Array(group.makeIterator()), clock: clock,
                metrics: DeliveryMetrics(factory: NOOPMetricsHandler.instance), audit: book, logger: logger)
            if earlier == nil { try store.write { [book] in try book.begin(in: $0) } }
            try await book.load(dispatcher)
        }

        func stop() async throws {
            await dispatcher.stop()
            try await group.shutdownGracefully()
        }

        func send(_ actor: Origin.Actor, from address: String = "192.0.2.1") async throws -> MessageID {
            try await dispatcher.send(
                PushRequest(
                    app: app.number, appID: app.id, audience: Audience(.all), content: MessageContent(alert: "hello"),
                    timeToLive: 60, origin: Origin(actor, from: IPAddress(address)))
            ).message
        }

        var acts: [String] {
            get throws {
                try store.read { try $0.auditEntries(after: 0, limit: 100) }.map {
                    "\($0.act.actor) \($0.act.name) \($0.act.object) \($0.act.details)"
                }
            }
        }

        func isWhole() async throws -> Bool {
            _ = try await book.verify(dispatcher, expecting: nil)
            return true
        }
    }

    private func act(_ name: String) -> AuditAct { AuditAct(name, "x", by: Origin(.token("ann"))) }

    @Test("an act is written with what it tells of, or neither is")
    func sameCommit() async throws {
        let scene = try await Scene()
        try await scene.dispatcher.update(noting: { _ in act("one") }) { _ in }
        await #expect(throws: ApusError.self) {
            try await scene.dispatcher.update(noting: { _ in act("refused") }) { _ in throw ApusError.unknownApp }
        }
        scene.store.failWrites(with: ApusError.storeUnavailable)
        await #expect(throws: (any Error).self) {
            try await scene.dispatcher.update(noting: { _ in act("lost") }) { _ in }
        }
        scene.store.failWrites(with: nil)
        try await scene.dispatcher.update(noting: { _ in act("two") }) { _ in }
        #expect(try scene.acts == ["token:ann one x {}", "token:ann two x {}"])
        #expect(try await scene.isWhole())
        try await scene.stop()
    }

    @Test("sends are counted by sender and address, and an entry tells of those of a time")
    func sends() async throws {
        let scene = try await Scene()
        let first = try await scene.send(.app("app"))
        let last = try await scene.send(.app("app"))
        let other = try await scene.send(.app("app"), from: "192.0.2.2")
        try await scene.dispatcher.update { _ in }
        #expect(try scene.acts == [])
        scene.clock.advance(by: .minutes(1))
        let mixed = try await scene.send(.token("ann"))
        #expect(
            try scene.acts == [
                #"app:app send app {"messages":2,"deliveries":0,"first":"\#(first)","last":"\#(last)"}"#,
                #"app:app send app {"messages":1,"deliveries":0,"first":"\#(other)","last":"\#(other)"}"#,
            ])
        #expect(
            try scene.store.read { try $0.auditEntries(after: 0, limit: 9) }.map(\.act.address) == [
                "192.0.2.1", "192.0.2.2",
            ])
        try await scene.stop()
        #expect(
            try scene.acts.last
                == #"token:ann send app {"messages":1,"deliveries":0,"first":"\#(mixed)","last":"\#(mixed)"}"#,
            "a stop writes the rest")
    }

    @Test("one customer's addresses are one, however many there are of them")
    func networks() async throws {
        let scene = try await Scene()
        for number in 1...3 { _ = try await scene.send(.app("app"), from: "2001:db8:1:2::\(number)") }
        _ = try await scene.send(.app("app"), from: "2001:db8:1:3::1")
        try await scene.stop()
        let addresses = try scene.store.read { try $0.auditEntries(after: 0, limit: 9) }.map(\.act.address)
        #expect(Set(addresses) == ["2001:db8:1:2::", "2001:db8:1:3::"] && addresses.count == 2)
    }

    @Test("what a crash kept from being written is counted again from the messages, once")
    func crash() async throws {
        let crashed = try await Scene()
        try await crashed.dispatcher.update(noting: { _ in act("start") }) { _ in }
        let first = try await crashed.send(.app("app"))
        let last = try await crashed.send(.app("app"))
        for _ in 0..<2 {
            let scene = try await Scene(crashed.store)
            #expect(
                try scene.acts == [
                    "token:ann start x {}",
                    #"server send app {"messages":2,"first":"\#(first)","last":"\#(last)","recovered":true}"#,
                ])
            #expect(try await scene.isWhole())
            try await scene.stop()
        }
        crashed.store.failWrites(with: ApusError.storeUnavailable)
        try await crashed.stop()
    }

    @Test("sends that could not be written as accepted are not counted")
    func refused() async throws {
        let scene = try await Scene()
        scene.store.failWrites(with: ApusError.storeUnavailable)
        await #expect(throws: (any Error).self) { try await scene.send(.app("app")) }
        scene.store.failWrites(with: nil)
        try await scene.stop()
        #expect(try scene.acts == [])
    }

    @Test("without entries of sends there are none")
    func off() async throws {
        let scene = try await Scene(interval: nil)
        _ = try await scene.send(.app("app"))
        scene.clock.advance(by: .hours(1))
        try await scene.dispatcher.update(noting: { _ in act("one") }) { _ in }
        try await scene.stop()
        #expect(try scene.acts == [#"server audit.sends  {"counted":false}"#, "token:ann one x {}"])
    }

    @Test("what was sent while nobody counted is not counted later; what a crash took along before that is")
    func switching() async throws {
        let crashed = try await Scene()
        let first = try await crashed.send(.app("app"))
        let silent = try await Scene(crashed.store, interval: nil)
        _ = try await silent.send(.app("app"))
        try await silent.stop()
        let again = try await Scene(crashed.store)
        let last = try await again.send(.app("app"))
        try await again.stop()
        let told = [
            #"server send app {"messages":1,"first":"\#(first)","last":"\#(first)","recovered":true}"#,
            #"server audit.sends  {"counted":false}"#, #"server audit.sends  {"counted":true}"#,
            #"app:app send app {"messages":1,"deliveries":0,"first":"\#(last)","last":"\#(last)"}"#,
        ]
        #expect(try again.acts == told)
        let once = try await Scene(crashed.store)
        #expect(try once.acts == told)
        #expect(try await once.isWhole())
        try await once.stop()
        crashed.store.failWrites(with: ApusError.storeUnavailable)
        try await crashed.stop()
    }

    @Test("another configured token is told of, the same is not, and what it is nobody learns")
    func configured() async throws {
        let scene = try await Scene()
        let secrets = ["first secret", "second secret"]
        for _ in 0..<2 {
            _ = try await TokenBook(dispatcher: scene.dispatcher, configured: secrets[0]).load()
        }
        let book = TokenBook(dispatcher: scene.dispatcher, configured: secrets[0])
        for secret in [secrets[0], secrets[1], nil, nil] { await book.configure(secret) }
        let acts = try scene.acts
        #expect(acts.count == 3 && Set(acts).count == 3)
        #expect(acts.allSatisfy { $0.hasPrefix("server token.configure configured {") })
        #expect(acts.last == "server token.configure configured {}")
        #expect(!acts.contains { act in secrets.contains { act.contains($0) } })
        scene.store.failWrites(with: ApusError.storeUnavailable)
        await book.configure(secrets[1])
        #expect(try book.token(secrets[1]) != nil, "it holds, and the next start tells of it")
        scene.store.failWrites(with: nil)
        _ = try await TokenBook(dispatcher: scene.dispatcher, configured: secrets[1]).load()
        #expect(try scene.acts.count == 4 && scene.acts.last == acts[1])
        try await scene.stop()
    }

    @Test("a server that never had a configured token says nothing of it")
    func neverConfigured() async throws {
        let scene = try await Scene()
        _ = try await TokenBook(dispatcher: scene.dispatcher, configured: nil).load()
        #expect(try scene.acts == ["server token.create admin {}"])
        try await scene.stop()
    }

    @Test("after the end was cut off, what is written next does not close the gap")
    func gap() async throws {
        let scene = try await Scene()
        for name in ["one", "two", "three"] {
            try await scene.dispatcher.update(noting: { _ in act(name) }) { _ in }
        }
        // What an intruder leaves behind.
        let forged = InMemoryMessageStore()
        let (entries, head) = try scene.store.read { (try $0.auditEntries(after: 0, limit: 2), try $0.auditHead()) }
        try forged.write { transaction in
            for entry in entries { try transaction.append(entry) }
            if let head { try transaction.setAuditHead(head) }
        }
        try await scene.stop()
        let later = try await Scene(forged)
        try await later.dispatcher.update(noting: { _ in act("four") }) { _ in }
        let fault = await #expect(throws: AuditVerifier.Fault.self) { try await later.isWhole() }
        #expect(fault?.sequence == 3)
        try await later.stop()
    }
}
