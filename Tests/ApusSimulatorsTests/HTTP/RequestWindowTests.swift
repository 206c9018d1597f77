import ApusCore
import Testing

@testable import ApusSimulators

@Suite("RequestWindow")
struct RequestWindowTests {
    @Test("what is used up is there again when the time of the first request is over")
    func window() {
        var window = RequestWindow(limit: 2, seconds: 60)
        let start = Timestamp(milliseconds: 1000)
        let taken = [0, 30, 59].map { window.take(at: start.adding(seconds: $0)) }
        #expect(taken == [true, true, false])
        #expect(window.secondsLeft(at: start.adding(seconds: 59)) == 1)
        #expect(window.remaining == 0)
        let isTaken = window.take(at: start.adding(seconds: 60))
        #expect(isTaken)
        #expect(window.remaining == 1)
    }
}
