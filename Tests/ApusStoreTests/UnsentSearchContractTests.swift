import ApusCore
import ApusTestKit
import Testing

@Suite("A store's search for what is unsent")
struct UnsentSearchContractTests {
    @Test("finds the oldest delivery that was not sent, from a message on", arguments: StoreUnderTest.allCases)
    func oldest(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let devices = try (0..<3).map { try fixture.device(app, "d\($0)") }
            let search = { (from: MessageID) in try fixture.store.read { try $0.oldestUnsent(from: from, rows: 1000) } }
            #expect(try search(.zero) == .none(before: MessageID(1), isEnd: true))
            let messages = try (0..<4).map { _ in try fixture.send(app, to: Audience(.all)) }
            #expect(try search(.zero) == .found(messages[0].id))
            for device in devices {
                #expect(try fixture.apply(.sent(messages[0].id, device.number, .webSocket, at: fixture.clock.now)))
                #expect(try fixture.apply(.ended(messages[1].id, device.number, .cancelled, at: fixture.clock.now)))
            }
            #expect(try search(.zero) == .found(messages[2].id))
            #expect(try search(messages[3].id) == .found(messages[3].id))
            for device in devices {
                for message in messages[2...] {
                    #expect(try fixture.apply(.sent(message.id, device.number, .webSocket, at: fixture.clock.now)))
                }
            }
            let next = MessageID(messages[3].id.rawValue + 1)
            #expect(try search(.zero) == .none(before: next, isEnd: true))
            #expect(try search(next) == .none(before: MessageID(next.rawValue + 1), isEnd: true))
        }
    }

    @Test("goes on in steps, each past at least one message, until it has found it")
    func steps() throws {
        try StoreUnderTest.sqlite.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let devices = try (0..<10).map { try fixture.device(app, "d\($0)") }
            let messages = try (0..<5).map { _ in try fixture.send(app, to: Audience(.all)) }
            for message in messages.dropLast() {
                for device in devices {
                    #expect(try fixture.apply(.sent(message.id, device.number, .webSocket, at: fixture.clock.now)))
                }
            }
            var (from, steps) = (MessageID.zero, 0)
            while case .none(let next, false) = try fixture.store.read({ try $0.oldestUnsent(from: from, rows: 3) }) {
                #expect(next > from)
                (from, steps) = (next, steps + 1)
            }
            #expect(steps == 4)
            #expect(
                try fixture.store.read { try $0.oldestUnsent(from: from, rows: 3) } == .found(messages[4].id))
        }
    }

    @Test("a probe writes nothing that anybody sees", arguments: StoreUnderTest.allCases)
    func probe(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let app = try fixture.app()
            try fixture.store.write { try $0.probe() }
            #expect(try fixture.store.read { try $0.apps() }.map(\.id) == [app.id])
        }
    }
}
