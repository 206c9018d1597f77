import Testing

@testable import ApusSimulators

@Suite("StreamLimit")
struct StreamLimitTests {
    private func behaviour(_ limits: [Int], startsWithOneStream: Bool = false) -> APNsBehaviour {
        var behaviour = APNsBehaviour()
        behaviour.concurrentStreams = limits
        behaviour.startsWithOneStream = startsWithOneStream
        return behaviour
    }

    @Test("only changes are told")
    func changes() {
        var limit = StreamLimit(behaviour([1000]))
        #expect(limit.next(knowsSender: false) == nil)
        limit.follow(behaviour([500]))
        #expect(limit.next(knowsSender: false) == 500)
        #expect(limit.next(knowsSender: false) == nil)
    }

    @Test("several values are stepped through, over and over")
    func steps() {
        var limit = StreamLimit(behaviour([1000, 1, 1, 7]))
        let told = (0..<5).map { _ in
            limit.step()
            return limit.next(knowsSender: true)
        }
        #expect(told == [1, nil, 7, 1000, 1])
    }

    @Test("a connection that starts with one stream gets the others with the first valid token")
    func oneStream() {
        let behaviour = behaviour([1000], startsWithOneStream: true)
        #expect(StreamLimit.first(behaviour) == 1)
        var limit = StreamLimit(behaviour)
        #expect(limit.next(knowsSender: false) == nil)
        #expect(limit.next(knowsSender: true) == 1000)
    }

    @Test("a client that acknowledges nothing is told no more")
    func unacknowledged() {
        var limit = StreamLimit(behaviour([1, 2]))
        var told = 0
        for _ in 0..<100 {
            limit.step()
            if limit.next(knowsSender: true) != nil { told += 1 }
        }
        #expect(told == 15)
        limit.acknowledge()
        #expect(limit.next(knowsSender: true) != nil)
    }
}
