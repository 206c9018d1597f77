import Testing

@testable import ApusClient

@Suite("What a device remembers of its messages")
struct MessageMemoryTests {
    private func confirmed(_ id: String) -> Receipt { Receipt(.confirmed, of: id) }

    @Test("only the last messages are remembered")
    func bounded() {
        var memory = MessageMemory(capacity: 2)
        #expect(memory.noteArrival(of: "1") == nil)
        memory.note(confirmed("1"))
        memory.note(Receipt(.read, of: "1"))
        #expect(memory.noteArrival(of: "1") == [confirmed("1"), Receipt(.read, of: "1")])
        #expect(memory.noteArrival(of: "2") == nil)
        #expect(memory.noteArrival(of: "3") == nil)
        #expect(memory.noteArrival(of: "1") == nil)
        #expect(memory.noteArrival(of: "3") == [])
    }

    @Test("what is said of a message twice counts once")
    func twice() {
        var memory = MessageMemory(capacity: 2)
        #expect(memory.note(confirmed("1")) == true)
        #expect(memory.note(confirmed("1")) == false)
        #expect(memory.owed == [confirmed("1")])
    }

    @Test("a receipt is owed until a heartbeat that was said behind it is answered")
    func owed() {
        var memory = MessageMemory(capacity: 10)
        memory.note(confirmed("1"))
        memory.noteHeartbeat()
        memory.note(confirmed("2"))
        #expect(memory.noteHeartbeatAnswer() == false)
        #expect(memory.owed == [confirmed("2")])
        memory.noteHeartbeat()
        #expect(memory.noteHeartbeatAnswer() == true)
        #expect(memory.owed.isEmpty)
    }

    @Test("the answer to an earlier heartbeat does not count for a later one")
    func lateAnswers() {
        var memory = MessageMemory(capacity: 10)
        memory.noteHeartbeat()
        memory.noteHeartbeat()
        #expect(memory.noteHeartbeatAnswer() == false)
        memory.note(confirmed("1"))
        memory.noteHeartbeat()
        #expect(memory.noteHeartbeatAnswer() == false)
        #expect(memory.owed == [confirmed("1")])
        #expect(memory.noteHeartbeatAnswer() == true)
    }

    @Test("an answer on another connection, or one that nobody asked for, means nothing")
    func otherConnection() {
        var memory = MessageMemory(capacity: 10)
        memory.note(confirmed("1"))
        memory.noteHeartbeat()
        memory.forgetHeartbeats()
        #expect(memory.noteHeartbeatAnswer() == false)
        #expect(memory.owed == [confirmed("1")])
    }

    @Test("no more receipts are owed than messages are remembered, and the count stays right")
    func boundedDebt() {
        var memory = MessageMemory(capacity: 2)
        memory.note(confirmed("1"))
        memory.noteHeartbeat()
        for id in ["2", "3", "4"] { memory.note(confirmed(id)) }
        #expect(memory.owed == [confirmed("3"), confirmed("4")])
        #expect(memory.noteHeartbeatAnswer() == false)
        #expect(memory.owed == [confirmed("3"), confirmed("4")])
    }

    @Test("a log brings back what was said, and what of it the server may not have heard")
    func log() {
        var memory = MessageMemory(
            capacity: 10, entries: [.receipt(confirmed("1")), .heard, .receipt(Receipt(.read, of: "1"))])
        #expect(memory.noteArrival(of: "1") == [confirmed("1"), Receipt(.read, of: "1")])
        #expect(memory.owed == [Receipt(.read, of: "1")])
    }
}
