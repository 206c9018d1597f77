import ApusCore
import Testing

@testable import ApusXMPP

@Suite("Messages that were not displayed yet")
struct RecentMessagesTests {
    private func messages(_ numbers: ClosedRange<Int64>) -> RecentMessages {
        var messages = RecentMessages()
        for number in numbers { messages.append(MessageID(number)) }
        return messages
    }

    private func ids(_ numbers: ClosedRange<Int64>) -> [MessageID] { numbers.map { MessageID($0) } }

    @Test("a message is taken with those before it, once")
    func take() {
        var messages = messages(1...4)
        var taken = messages.take(upTo: MessageID(3))
        #expect(taken == ids(1...3))
        taken = messages.take(upTo: MessageID(3))
        #expect(taken == ids(3...3), "the message itself in any case")
        taken = messages.take(upTo: MessageID(4))
        #expect(taken == ids(4...4))
    }

    @Test("a message that is not known takes no other with it")
    func unknown() {
        var messages = messages(1...2)
        var taken = messages.take(upTo: MessageID(77))
        #expect(taken == ids(77...77))
        taken = messages.take(upTo: MessageID(2))
        #expect(taken == ids(1...2))
    }

    @Test("only the latest 64 are remembered")
    func bounded() {
        var messages = messages(1...100)
        let taken = messages.take(upTo: MessageID(100))
        #expect(taken == ids(37...100))
    }
}
