import NIOCore
import Testing

@testable import ApusAPNs

@Suite("LegacySession")
struct LegacySessionTests {
    private func session(_ change: (inout LegacyGatewaySettings) -> Void = { _ in }) -> LegacySession {
        var settings = LegacyGatewaySettings()
        change(&settings)
        return LegacySession(settings)
    }

    /// Command 1 with this identifier, which it has in the token too.
    private func packet(_ identifier: UInt8, payload: String = "{}") -> [UInt8] {
        [1, 0, 0, 0, identifier, 0, 0, 0, 0, 0, 1, identifier, 0, UInt8(payload.utf8.count)] + Array(payload.utf8)
    }

    private func error(_ status: LegacyStatus, _ identifier: UInt32) -> LegacySession.Action {
        .sendError(LegacyErrorPacket(status: status, identifier: identifier))
    }

    /// Takes what is handed over next.
    private func accepted(_ session: inout LegacySession) -> [UInt8] {
        var tokens: [UInt8] = []
        while case .accept(let notification, _) = session.next() { tokens += notification.token }
        return tokens
    }

    @Test("notifications are handed over in order, and nothing is said about success")
    func order() {
        var session = session()
        session.receive(ByteBuffer(bytes: packet(1) + packet(2) + packet(3)))
        #expect(accepted(&session) == [1, 2, 3])
        for number in [2, 0, 1] {
            session.settle(number, .success(()))
            #expect(session.next() == nil)
        }
    }

    @Test("the error packet is command, status and identifier as it came")
    func errorPacket() {
        var bytes = ByteBuffer()
        LegacyErrorPacket(status: .invalidToken, identifier: 0xDEAD_BEEF).write(into: &bytes)
        #expect(Array(bytes.readableBytesView) == [8, 8, 0xDE, 0xAD, 0xBE, 0xEF])
    }

    @Test("an error names the notification in question, waits for those before it, and ends everything behind it")
    func rejected() {
        var session = session()
        session.receive(ByteBuffer(bytes: packet(1) + packet(2) + packet(3)))
        #expect(accepted(&session) == [1, 2, 3])
        session.receive(ByteBuffer(bytes: packet(4)))
        session.settle(1, .failure(.rejected(.invalidToken)))
        #expect(session.next() == nil)
        #expect(session.wantsInput)
        session.settle(2, .success(()))
        #expect(session.next() == nil)
        session.settle(0, .success(()))
        #expect(session.next() == error(.invalidToken, 2))
        #expect(session.isClosed)
        session.receive(ByteBuffer(bytes: packet(5)))
        session.settle(2, .success(()))
        #expect(session.next() == nil)
    }

    @Test("what is refused at once lets nothing behind it through")
    func refusedAtOnce() {
        var session = session()
        session.receive(ByteBuffer(bytes: packet(1) + packet(2)))
        guard case .accept(_, let number) = session.next() else {
            Issue.record("nothing is handed over")
            return
        }
        session.settle(number, .failure(.rejected(.missingTopic)))
        #expect(session.next() == error(.missingTopic, 1))
    }

    @Test("a frame that is wrong is refused when all before it are accepted")
    func wrongFrame() {
        var session = session()
        session.receive(ByteBuffer(bytes: packet(1) + packet(2, payload: "") + packet(3)))
        #expect(accepted(&session) == [1])
        #expect(session.next() == nil)
        session.settle(0, .success(()))
        #expect(session.next() == error(.missingPayload, 2))
    }

    @Test("a payload that is not JSON is refused, or mended")
    func payloads() {
        var strict = session { $0.payloadMode = .strict }
        strict.receive(ByteBuffer(bytes: packet(1, payload: "{\"a\":\"\t\"}")))
        #expect(strict.next() == error(.processingError, 1))
        var lenient = session()
        lenient.receive(ByteBuffer(bytes: packet(1, payload: "{\"a\":\"\t\"}")))
        guard case .accept(let notification, _) = lenient.next() else {
            Issue.record("nothing is handed over")
            return
        }
        #expect(notification.isRepaired)
        #expect(String(buffer: notification.payload) == #"{"a":"\t"}"#)
        lenient.receive(ByteBuffer(bytes: packet(2, payload: "{")))
        lenient.settle(0, .success(()))
        #expect(lenient.next() == error(.processingError, 2))
    }

    @Test("priority 10 for a silent notification is an error where Apple's rules are kept")
    func silentPriority() {
        func frame(_ priority: UInt8) -> [UInt8] {
            let payload = Array(#"{"aps":{"content-available":1}}"#.utf8)
            let items = [1, 0, 1, 0xAB, 3, 0, 4, 0, 0, 0, 7, 5, 0, 1, priority, 2, 0, UInt8(payload.count)] + payload
            return [2, 0, 0, 0, UInt8(items.count)] + items
        }
        for (mode, priority, isRefused) in [
            (LegacyPayload.Mode.strict, 10, true), (.strict, 5, false), (.lenient, 10, false),
        ] {
            var session = session { $0.payloadMode = mode }
            session.receive(ByteBuffer(bytes: frame(UInt8(priority))))
            #expect((session.next() == error(.processingError, 7)) == isRefused)
        }
    }

    @Test("without an identifier there is no packet, unless one of zeros is wanted")
    func noIdentifier() {
        let wrong = SeedPackets.bytes("00 0001 ab 0000")
        var silent = session()
        silent.receive(ByteBuffer(bytes: wrong))
        #expect(silent.next() == .close(.failed(.missingPayload)))
        var answering = session { $0.answersWithoutIdentifier = true }
        answering.receive(ByteBuffer(bytes: wrong))
        #expect(answering.next() == error(.missingPayload, 0))
        var unknown = session()
        unknown.receive(ByteBuffer(string: "a\n"))
        #expect(unknown.next() == .close(.failed(.protocolError)))
    }

    @Test("when the server stops, the client learns what was accepted last")
    func drains() {
        var session = session()
        session.receive(ByteBuffer(bytes: packet(1) + packet(2)))
        #expect(accepted(&session) == [1, 2])
        session.settle(0, .success(()))
        session.drain()
        session.receive(ByteBuffer(bytes: packet(3)))
        #expect(session.next() == nil)
        session.settle(1, .success(()))
        #expect(session.next() == error(.shutdown, 2))
    }

    @Test("when nothing can be accepted, the client learns what was the last, or else which was not")
    func unavailable() {
        var after = session()
        after.receive(ByteBuffer(bytes: packet(1) + packet(2)))
        #expect(accepted(&after) == [1, 2])
        after.settle(0, .success(()))
        after.settle(1, .failure(.unavailable))
        #expect(after.next() == error(.shutdown, 1))
        var first = session()
        first.receive(ByteBuffer(bytes: packet(1)))
        #expect(accepted(&first) == [1])
        first.settle(0, .failure(.unavailable))
        #expect(first.next() == error(.processingError, 1))
        var idle = session()
        idle.drain()
        #expect(idle.next() == .close(.failed(.shutdown)))
    }

    @Test("an identifier is not that of the last accepted if one without came behind it")
    func mixedCommands() {
        var session = session()
        session.receive(ByteBuffer(bytes: packet(1) + SeedPackets.php))
        #expect(accepted(&session).count == 33)
        session.settle(0, .success(()))
        session.settle(1, .success(()))
        session.drain()
        #expect(session.next() == .close(.failed(.shutdown)))
    }

    @Test("so many are handed over at once, and no more are read until the backend has taken some")
    func window() {
        var session = session { $0.window = 2 }
        session.receive(ByteBuffer(bytes: packet(1) + packet(2) + packet(3) + packet(4)))
        #expect(accepted(&session) == [1, 2])
        #expect(!session.wantsInput)
        #expect(!session.awaitsRestOfFrame)
        session.settle(1, .success(()))
        #expect(session.next() == nil)
        session.settle(0, .success(()))
        #expect(accepted(&session) == [3, 4])
        #expect(session.wantsInput)
    }

    @Test("what came before the client closed is handed over before the connection ends")
    func endOfInput() {
        var session = session { $0.window = 1 }
        session.receive(ByteBuffer(bytes: packet(1) + packet(2)))
        session.endInput()
        #expect(accepted(&session) == [1])
        session.settle(0, .success(()))
        #expect(accepted(&session) == [2])
        #expect(session.next() == nil)
        session.settle(1, .success(()))
        #expect(session.next() == .close(.ended))
    }

    @Test("a frame that its client did not finish is dropped")
    func truncated() {
        var session = session()
        session.receive(ByteBuffer(bytes: packet(1) + packet(2).dropLast()))
        #expect(accepted(&session) == [1])
        #expect(session.awaitsRestOfFrame)
        session.endInput()
        session.settle(0, .success(()))
        #expect(session.next() == .close(.truncated))
    }
}
