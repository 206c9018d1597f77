import ApusCore
import NIOCore
import Testing

@testable import ApusXMPP

@Suite("The counts of stream management")
struct StreamManagementTests {
    private let other = ManagedStanza.other(ByteBuffer(string: "<iq/>"))

    private func push(_ number: Int64) -> ManagedStanza {
        .push(MessageID(number))
    }

    @Test("what the client counted is given out once, in its order")
    func acknowledge() throws {
        var management = StreamManagement(id: nil)
        for stanza in [push(1), other, push(2), push(3)] { management.didSend(stanza) }
        let first = try management.acknowledge(3)
        #expect(first.count == 3 && first.pushes == [MessageID(1), MessageID(2)])
        #expect(try management.acknowledge(3).isEmpty)
        #expect(try management.acknowledge(4).pushes == [MessageID(3)])
        #expect(management.acknowledged == 4)
    }

    @Test("a count that is too high, or goes back, is refused with both counts")
    func tooHigh() throws {
        var management = StreamManagement(id: nil)
        for number in 1...8 { management.didSend(push(Int64(number))) }
        #expect(try management.acknowledge(5).count == 5)
        for count: UInt32 in [10, 4] {
            var detail = XMLElement("handled-count-too-high", "urn:xmpp:sm:3")
            detail.attributes = [.init("h", "\(count)"), .init("send-count", "8")]
            #expect(throws: StreamError(.undefinedCondition, detail: detail)) { try management.acknowledge(count) }
        }
        #expect(try management.acknowledge(8).count == 3, "nothing was lost by it")
    }

    @Test("stanzas count as handled up to the first whose message is not on disk")
    func settlement() {
        var management = StreamManagement(id: "id")
        var numbers: [UInt32] = []
        for _ in 0..<3 {
            management.didReceive()
            management.didReceive()
            numbers.append(management.awaitSettlement())
        }
        #expect(numbers == [2, 4, 6] && management.handled == 1)
        var owed = management.didSettle(4)
        #expect(!owed && management.handled == 1)
        owed = management.didSettle(2)
        #expect(!owed && management.handled == 5)
        management.didTellCount()
        owed = management.didSettle(6)
        #expect(owed && management.handled == 6, "it was told less than it sent")
        management.didTellCount()
        owed = management.didSettle(6)
        #expect(!owed)
    }

    @Test("a stream is resumed with the count up to which all was settled")
    func resume() {
        var management = StreamManagement(id: "id")
        for _ in 0..<2 { management.didReceive() }
        let number = management.awaitSettlement()
        management.didReceive()
        management.resume()
        #expect(management.handled == 1)
        management.didReceive()
        #expect(management.awaitSettlement() == number, "what comes again has the same number")
    }

    @Test("the client is asked once for each answer, and only if there are new messages")
    func request() throws {
        var management = StreamManagement(id: nil)
        var asks = [management.shouldRequest()]
        management.didSend(other)
        asks.append(management.shouldRequest())
        management.didSend(push(1))
        asks += [management.shouldRequest(), management.shouldRequest()]
        management.didSend(push(2))
        asks.append(management.shouldRequest())
        #expect(asks == [false, false, true, false, false])
        _ = try management.acknowledge(2)
        asks = [management.shouldRequest(), management.shouldRequest()]
        #expect(asks == [true, false])
    }

    @Test("the client is asked also when only other stanzas wait, before they are too many")
    func requestForOthers() {
        var management = StreamManagement(id: nil)
        var wasAsked = false
        while !management.isOverfull, !wasAsked {
            management.didSend(other)
            wasAsked = management.shouldRequest()
        }
        #expect(wasAsked && !management.isOverfull)
    }

    @Test("is overfull when more than 2048 stanzas wait")
    func overfull() throws {
        var management = StreamManagement(id: nil)
        for _ in 0..<2048 { management.didSend(other) }
        #expect(!management.isOverfull)
        management.didSend(other)
        #expect(management.isOverfull)
        _ = try management.acknowledge(1)
        #expect(!management.isOverfull)
    }

    @Test("what is taken to be sent again counts when it is sent")
    func takeWaiting() throws {
        var management = StreamManagement(id: "id")
        for stanza in [push(1), other, push(2)] { management.didSend(stanza) }
        #expect(try management.acknowledge(1).pushes == [MessageID(1)])
        let again = management.takeWaiting()
        #expect(again.count == 2 && again.pushes == [MessageID(2)])
        #expect(management.takeWaiting().isEmpty)
        #expect(throws: StreamError.self) { try management.acknowledge(2) }
        for stanza in again { management.didSend(stanza) }
        #expect(try management.acknowledge(3).count == 2)
    }

    @Test("who keeps many bytes waiting is told apart from who does not")
    func bytes() throws {
        var management = StreamManagement(id: nil)
        let large = ManagedStanza.other(ByteBuffer(repeating: 0x20, count: 200 << 10))
        for _ in 0..<5 { management.didSend(large) }
        #expect(!management.isOverfull)
        management.didSend(large)
        #expect(management.isOverfull)
        _ = try management.acknowledge(2)
        #expect(!management.isOverfull)
    }
}
