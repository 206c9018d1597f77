import NIOCore
import Testing

@testable import ApusAPNs

@Suite("The requests that wait")
struct WaitingRequestsTests {
    private func at(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000_000) + .milliseconds(milliseconds)
    }

    private func request(_ text: String, deadline: Int64 = 60_000) throws -> PendingRequest {
        PendingRequest(
            try LaneFixture.notification(text), at: at(0), deadline: at(deadline)
        ) { _ in }
    }

    private func texts(_ requests: [PendingRequest]) -> [String] {
        requests.map { String(buffer: $0.notification.payload).split(separator: "\"").map(String.init)[5] }
    }

    @Test("leave in order, what was sent before first")
    func order() throws {
        var waiting = WaitingRequests()
        waiting.append(try ["b", "c"].map { try request($0) })
        waiting.prepend(try request("a"))
        #expect(waiting.count == 3)
        #expect(texts([waiting.popFirst(), waiting.popFirst()].compactMap(\.self)) == ["a", "b"])
        #expect(waiting.readySince == at(0))
    }

    @Test("are ready when their pause is over")
    func pauses() throws {
        var waiting = WaitingRequests()
        waiting.append(try request("late"), due: at(2000))
        waiting.append(try request("early"), due: at(1000))
        #expect(waiting.readySince == nil)
        #expect(waiting.count == 2)
        #expect(waiting.advance(to: at(999)).isEmpty)
        #expect(waiting.popFirst() == nil)
        #expect(waiting.advance(to: at(1000)).isEmpty)
        #expect(waiting.readySince == at(1000))
        #expect(texts([waiting.popFirst()].compactMap(\.self)) == ["early"])
        #expect(texts(waiting.removeAll()) == ["late"])
        #expect(waiting.count == 0)
    }

    @Test("come out when there is no time left for them")
    func overdue() throws {
        var waiting = WaitingRequests()
        waiting.append([try request("short", deadline: 1000), try request("long")])
        #expect(waiting.advance(to: at(999)).isEmpty)
        #expect(texts(waiting.advance(to: at(1000))) == ["short"])
        #expect(waiting.count == 1)
    }
}
